import { expect, test } from "vitest";
import { isJudged, reportFaults, toTable, toWorst } from "./fault-report.ts";
import type { LogEntry } from "./log-entries.ts";

const checkout = "checkout@shop-prod.iam.gserviceaccount.com";

let minute = 0;
const toEntry = (jsonPayload: Readonly<Record<string, unknown>>): LogEntry => ({
  timestamp: `2026-11-30T12:${String(minute++ % 60).padStart(2, "0")}:00.5Z`,
  severity: "INFO",
  resource: { labels: {} },
  jsonPayload,
});
const accepted = (event_type: string, count: number, fields = {}) =>
  toEntry({ message: "Events accepted", event_type, count, ...fields });
const refused = (event_type: string, count: number, fields = {}) =>
  toEntry({ message: "Events refused", event_type, code: "invalid_event", count, ...fields });
const marked = (event_type: string, count: number, fields = {}) =>
  toEntry({ message: "Payload differs from its schema", event_type, count, ...fields });

const report = (entries: readonly LogEntry[], type = "order.placed") =>
  reportFaults(
    type,
    entries.filter(({ jsonPayload = {} }) => isJudged(jsonPayload)),
  );

test.each([
  ["silence", [], 0, "not known: 0 events", 2],
  ["one event too few", [accepted("order.placed", 999)], 999, "not known: 999 events", 2],
  [
    "accepted and refused are enough together",
    [accepted("order.placed", 999), refused("order.placed", 1)],
    1000,
    "safe to enforce",
    0,
  ],
  [
    "several callers and instances",
    [1, 2, 3].map((i) => accepted("order.placed", 400, { caller: `c${i}` })),
    1200,
    "safe to enforce",
    0,
  ],
  ["another type's events", [accepted("cart.abandoned", 5000)], 0, "not known: 0 events", 2],
  [
    "events whose payloads nobody looked at",
    [accepted("order.placed", 5000, { payload_checks: "off" })],
    0,
    "not known: 0 events",
    2,
  ],
  [
    "events that no schema judged",
    [refused("order.placed", 5000, { code: "wrong_function" })],
    0,
    "not known: 0 events",
    2,
  ],
  [
    "one marked among many",
    [accepted("order.placed", 5000), marked("order.placed", 1, { caller: checkout })],
    5000,
    `not safe: ${checkout} 1`,
    1,
  ],
  [
    "marked ones of few events",
    [
      accepted("order.placed", 3),
      marked("order.placed", 2, { caller: "b" }),
      marked("order.placed", 1),
      marked("order.placed", 2, { caller: "b" }),
    ],
    3,
    "not safe: b 4, (unknown) 1",
    1,
  ],
] as const)("%s", (_, entries, events, verdict, exitCode) => {
  expect(report(entries)).toMatchObject({ events, verdict, exitCode });
});

test("rows say who, where, and since when", () => {
  minute = 0;
  const { rows } = report([
    accepted("order.placed", 10, { caller: checkout }),
    refused("order.placed", 3, { caller: checkout, paths: { user_id: 3, "payload.total": 1 } }),
    marked("order.placed", 309, { caller: checkout, paths: { "payload.total": 309 } }),
    marked("order.placed", 5, { caller: "search", paths: { "payload.total": 5, others: 2 } }),
    refused("order.placed", 2),
    marked("order.placed", 1, { caller: checkout, paths: { "payload.total": 1 } }),
  ]);
  const at = (minutes: number) => `2026-11-30T12:0${minutes}:00.5Z`;
  expect(rows).toEqual([
    { caller: checkout, path: "payload.total", refused: 1, marked: 310, first: at(1), last: at(5) },
    { caller: "search", path: "payload.total", refused: 0, marked: 5, first: at(3), last: at(3) },
    { caller: "search", path: "others", refused: 0, marked: 2, first: at(3), last: at(3) },
    { caller: checkout, path: "user_id", refused: 3, marked: 0, first: at(1), last: at(1) },
    { caller: null, path: "", refused: 2, marked: 0, first: at(4), last: at(4) },
  ]);
});

test("of several types the worst counts: not safe, then not known", () => {
  const safe = report([accepted("order.placed", 1000)]);
  const unsafe = report([marked("order.placed", 1)]);
  const unknown = report([]);
  expect(toWorst([safe, safe])).toBe(0);
  expect(toWorst([safe, unknown, unsafe])).toBe(1);
  expect(toWorst([safe, unknown])).toBe(2);
});

test("the table", () => {
  minute = 0;
  const table = toTable([
    report([
      accepted("order.placed", 12),
      marked("order.placed", 2, { caller: "checkout", paths: { "payload.total": 2 } }),
    ]),
    report([], "cart.abandoned"),
  ]);
  expect(`\n${table}\n`).toBe(`
TYPE            EVENTS  CALLER    PATH           REFUSED  MARKED  FIRST SEEN         LAST SEEN
order.placed    12                               0        2
                        checkout  payload.total  0        2       2026-11-30 12:01Z  2026-11-30 12:01Z
cart.abandoned  0                                0        0

order.placed: not safe: checkout 2
cart.abandoned: not known: 0 events
`);
});
