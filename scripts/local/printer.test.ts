import { describe, expect, it } from "vitest";
import type { Summary } from "./console/exchange.ts";
import type { Detail } from "./options.ts";
import { Printer } from "./printer.ts";

function print(action: (printer: Printer) => void, detail: Detail = "verbose"): string {
  let output = "";
  action(
    new Printer(["user-actions", "commerce"], detail, (text) => {
      output += text;
    }),
  );
  return output;
}

const commerce = { name: "commerce", topic: "pulsecart.commerce-events" };
const message = {
  data: Buffer.from('{"event_type":"order.placed","total":100000000000000000000000000001}'),
  orderingKey: "usr_1",
  attributes: { event_type: "order.placed", event_id: "evt_1", googclient_traceparent: "00-1-2-01" },
  messageId: "7",
  publishTime: Date.UTC(2026, 0, 1),
};

it("prints a message in one line, and its body digit for digit when asked to", () => {
  const line = "00:00:00 commerce     ▶ order.placed  evt_1  usr_1  message 7 on pulsecart.commerce-events\n";
  const inUtc = (text: string) => text.replace(/^\d\d:\d\d/, "00:00");
  expect(inUtc(print((printer) => printer.message(commerce, message), "normal"))).toBe(line);
  expect(inUtc(print((printer) => printer.message(commerce, message), "verbose"))).toBe(
    `${line}               {"event_type":"order.placed","total":100000000000000000000000000001}\n`,
  );
  expect(print((printer) => printer.message(commerce, message), "quiet")).toBe("");
});

it("marks a message whose payload differs from its schema", () => {
  const faulty = { ...message, attributes: { ...message.attributes, payload_faults: "payload.items payload.total" } };
  expect(print((printer) => printer.message(commerce, faulty), "normal")).toContain(
    "payload_faults: payload.items payload.total\n",
  );
});

describe("a request", () => {
  const toSummary = (status: number, body: object, outcomes: Summary["answer"]["outcomes"] = []): Summary => ({
    method: "POST",
    path: "/events/ingest",
    body: "{}",
    events: [{ type: "order.placed", user: "usr_1", id: "", order: "" }],
    answer: {
      ...{ kind: "answer", at: Date.UTC(2026, 0, 1), request: 1, function: "commerce", code: "", retryAfter: "" },
      ...{ status, ms: 1.2, body: JSON.stringify(body), outcomes, isDry: false },
    },
  });
  const outcome = (status: number, code = "") => ({ status, code, id: "evt_1", messageId: "", warnings: 0 });
  const errors = [{ path: "order_id", message: "is required" }];

  it.each([
    [
      "accepted",
      toSummary(202, { status: "accepted" }, [outcome(202)]),
      "POST /events/ingest 202 order.placed evt_1 usr_1 1 ms",
    ],
    [
      "accepted with a warning",
      toSummary(202, { warnings: [{ path: "payload.total", message: "is required" }] }, [outcome(202)]),
      "POST /events/ingest 202 order.placed evt_1 usr_1 warnings: payload.total is required 1 ms",
    ],
    [
      "refused",
      toSummary(422, { code: "invalid_event", detail: "1 field", errors }, [outcome(422, "invalid_event")]),
      "POST /events/ingest 422 invalid_event order_id is required 1 ms",
    ],
    [
      "refused for its body",
      toSummary(400, { code: "malformed_json", detail: "Bad\nJSON." }),
      "POST /events/ingest 400 malformed_json Bad\u23ceJSON. 1 ms",
    ],
    [
      "accepted in part",
      toSummary(207, { results: [{}, {}] }, [outcome(202), outcome(422, "invalid_event")]),
      "POST /events/ingest 207 1 × 202, 1 × invalid_event 1 ms",
    ],
    ["left by its caller", toSummary(0, {}), "POST /events/ingest (caller gone) order.placed usr_1 1 ms"],
  ])("that is %s has one line", (_, summary, expected) => {
    expect(print((printer) => printer.request(summary), "normal").slice("00:00:00 ".length)).toBe(`${expected}\n`);
  });

  it("is told in quiet only where it was refused or failed, in whole or in part", () => {
    expect(print((printer) => printer.request(toSummary(202, {}, [outcome(202)])), "quiet")).toBe("");
    const inPart = toSummary(207, { results: [{}] }, [outcome(202), outcome(422)]);
    expect(print((printer) => printer.request(inPart), "quiet")).toContain("207");
  });
});

it("lets no message steer the terminal", () => {
  const hostile = { ...message, data: Buffer.from('"\u001b[2J\u009b\r"'), orderingKey: "\u001b]0;title\u0007" };
  const output = print((printer) => printer.message(commerce, hostile));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(output).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

it("cuts a long body, and says how long it is", () => {
  const long = { ...message, data: Buffer.from(`"${"x".repeat(5000)}"`) };
  expect(print((printer) => printer.message(commerce, long))).toMatch(/x… \(5002 bytes\)\n$/);
});

it.each([
  [
    '{"severity":"INFO","message":"Event accepted","environment":"dev","latency_ms":3.1}',
    "Event accepted  latency_ms=3.1",
  ],
  ["Error: something broke", "Error: something broke  "],
  ["null", "null  "],
])("prints the line %s of a function", (line, expected) => {
  expect(print((printer) => printer.line("commerce", line))).toBe(`commerce       ${expected}\n`);
});
