import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { orderId } from "../../shared/events/envelope.ts";
import { compareContracts } from "./compare-contracts.ts";
import type { TypeContract } from "./contract.ts";
import { compare, toContract } from "./testing/contracts.ts";
import { judge, toLine, toNoteLine, toWaivers } from "./verdict.ts";
import type { Waiver } from "./waivers.ts";

const refused = "events accepted today would be refused";
const unexpected = "a consumer of yesterday would get what it does not expect";
const unseen = "no value that was tried shows what that changes";

const text = v.string();
const number = v.number();
const web = v.looseObject({ kind: v.literal("web") });
const app = v.looseObject({ kind: v.literal("app"), version: v.string() });
const quiet = (sign: string, words = "must not shout") =>
  v.pipe(
    text,
    v.check((note) => !note.includes(sign), words),
  );

/** The member `m` before and after, absent where undefined, and what is printed. */
const rows: readonly [name: string, v.GenericSchema | undefined, v.GenericSchema | undefined, readonly string[]][] = [
  ["nothing", text, text, []],
  ["optional → required", v.optional(text), text, [`a.b payload.m  BACKWARD  required added: ${refused}`]],
  [
    "required → optional",
    text,
    v.optional(text),
    ["a.b payload.m  FORWARD  required removed: a consumer of yesterday counts on it"],
  ],
  ["a required member added", undefined, text, [`a.b payload.m  BACKWARD  required added: ${refused}`]],
  [
    "an optional member added",
    undefined,
    v.optional(text),
    ["a.b payload.m  NOTICE  optional property added: events that send something else there would be refused"],
  ],
  ["a free one added", undefined, v.optional(v.unknown()), ["a.b payload.m  COMPATIBLE  optional property added"]],
  [
    "an optional member removed",
    v.optional(text),
    undefined,
    ["a.b payload.m  FORWARD  optional property removed: nothing checks what a consumer of yesterday reads"],
  ],
  [
    "another type",
    text,
    number,
    [
      `a.b payload.m  BACKWARD  type changed from string to number: ${refused}`,
      `a.b payload.m  FORWARD  type changed from string to number: ${unexpected}`,
    ],
  ],
  [
    "a type narrowed",
    number,
    v.pipe(number, v.integer()),
    [`a.b payload.m  BACKWARD  type narrowed from number to integer: ${refused}`],
  ],
  ["null too", text, v.nullable(text), [`a.b payload.m  FORWARD  anyOf member added: null: ${unexpected}`]],
  [
    "a list narrowed",
    v.picklist(["gold", "silver"]),
    v.picklist(["gold"]),
    [`a.b payload.m  BACKWARD  enum narrowed: "silver" removed: ${refused}`],
  ],
  [
    "a bound",
    v.pipe(number, v.maxValue(1)),
    v.pipe(number, v.ltValue(1)),
    [`a.b payload.m  BACKWARD  maximum narrowed from 1 to 1 (exclusive): ${refused}`],
  ],
  ["a pattern", text, v.pipe(text, v.regex(/^[A-Z]+$/)), [`a.b payload.m  BACKWARD  pattern added: ${refused}`]],
  [
    "items of another kind",
    v.array(text),
    v.array(number),
    [
      `a.b payload.m.*  BACKWARD  type changed from string to number: ${refused}`,
      `a.b payload.m.*  FORWARD  type changed from string to number: ${unexpected}`,
    ],
  ],
  [
    "a union's member added",
    v.variant("kind", [web]),
    v.variant("kind", [web, app]),
    [`a.b payload.m  FORWARD  anyOf member added: kind=app: ${unexpected}`],
  ],
  [
    "a record's values",
    v.record(text, text),
    v.record(text, v.pipe(text, v.minLength(1))),
    [`a.b payload.m.*  BACKWARD  minLength narrowed from 0 to 1: ${refused}`],
  ],
  [
    "a record's keys",
    v.record(v.picklist(["x"]), text),
    v.record(v.picklist(["x", "y"]), text),
    [`a.b payload.m  FORWARD  names of members: enum widened: "y" added: ${unexpected}`],
  ],
  [
    "a length in another unit",
    v.pipe(text, v.maxLength(10)),
    v.pipe(text, v.maxBytes(10)),
    [`a.b payload.m  BACKWARD  maxLength 10 → maxBytes 10: ${refused}`],
  ],
  [
    "a rule that no keyword says",
    number,
    v.pipe(
      number,
      v.check((value) => value !== 13, "must not be 13"),
    ),
    [`a.b payload.m  BACKWARD  rule added: must not be 13: ${refused}`],
  ],
  [
    "a rule whose code changed under the same words",
    quiet("!"),
    quiet("?"),
    [
      "a.b payload.m  BACKWARD  rule changed: must not shout → must not shout: a value that was accepted is refused now (must not shout)",
      "a.b payload.m  FORWARD  rule changed: must not shout → must not shout: a value that a consumer of yesterday never got is published now (must not shout)",
    ],
  ],
  [
    "a rule in other words",
    quiet("!"),
    quiet("!", "may not shout"),
    ["a.b payload.m  COMPATIBLE  rule changed: must not shout → may not shout"],
  ],
  [
    "a rule that nobody can judge",
    v.pipe(
      text,
      v.check((value) => !/^z{31}$/.test(value), "must be fine"),
    ),
    v.pipe(
      text,
      v.check((value) => !/^y{31}$/.test(value), "must be good"),
    ),
    [`a.b payload.m  UNKNOWN  rule changed: must be fine → must be good: ${unseen}`],
  ],
  [
    "a keyword that nobody knows",
    text,
    v.pipe(text, v.metadata({ frobnicate: 1 })),
    ['a.b payload.m  UNKNOWN  keyword "frobnicate": this command does not know what it means'],
  ],
];

/** The contract of a type whose payload has the member `m`, and `other` always. */
function toSide(member: v.GenericSchema | undefined, enforce = true): TypeContract {
  return toContract({ other: v.optional(text), ...(member && { m: member }) }, { other: "x" }, { enforce });
}

describe("the lines", () => {
  it.each(rows)("%s", (_, before, after, lines) => {
    const verdict = judge(compare(toSide(before), toSide(after)), []);
    expect(verdict.findings.map(toLine)).toEqual(lines);
    const isBroken = lines.some((line) => /BACKWARD|FORWARD/.test(line));
    expect(verdict.exitCode).toBe(isBroken ? 1 : lines.some((line) => line.includes("UNKNOWN")) ? 2 : 0);
  });

  it("of report mode say which events would be marked, and fail nothing", () => {
    const { findings, exitCode } = judge(compare(toSide(v.optional(text), false), toSide(text, false)), []);
    expect(findings.map(toLine)).toEqual([
      'a.b payload.m  MARKED  required added: events would carry payload_faults, such as with the payload {"other":"x"}',
    ]);
    expect(exitCode).toBe(0);
  });

  it("of a schema where there was none say so, too", () => {
    const free = toContract(undefined, { other: "x" }, {});
    const { findings, exitCode } = judge(compare(free, toSide(text, false)), []);
    expect(findings.map(({ kind, path }) => `${path} ${kind}`)).toEqual([
      "payload MARKED",
      "payload.other NOTICE",
      "payload.m MARKED",
    ]);
    expect(exitCode).toBe(0);
  });

  it("of the envelope are for callers in either mode", () => {
    const [before, after] = [toContract({}, {}, {}), toContract({}, {}, { fields: orderId })];
    expect(judge(compare(before, after), []).findings.map(toLine)).toEqual([
      `a.b order_id  BACKWARD  required added: ${refused}`,
    ]);
  });

  it("name what is new and not understood", () => {
    const strange = toSide(v.pipe(text, v.metadata({ frobnicate: 1 })));
    const { findings, exitCode } = judge(compareContracts(new Map(), new Map([["a.b", strange]])), []);
    expect(findings.map(({ kind, path }) => `${path} ${kind}`)).toEqual([" COMPATIBLE", "payload.m UNKNOWN"]);
    expect(exitCode).toBe(2);
  });
});

describe("a waiver", () => {
  const now = new Date("2026-06-01T12:00:00Z");
  const later = "2026-08-30";
  /** One line of each kind that fails. */
  const changes = [
    ...compare(toSide(v.optional(text)), toSide(text)),
    ...compare(toSide(v.pipe(text, v.maxBytes(100)), false), toSide(v.pipe(text, v.maxBytes(200)), false)),
    ...compare(toSide(text), toSide(v.pipe(text, v.metadata({ frobnicate: 1 })))),
  ];
  const printed = JSON.parse(`[${toWaivers(judge(changes, [], [], now), now)}]`) as Waiver[];

  it("is printed for every line that fails, and as printed lets it pass", () => {
    expect(printed.map(({ compatibility, until }) => [compatibility, until])).toEqual([
      ["BACKWARD", later],
      ["FORWARD", later],
      ["UNKNOWN", later],
    ]);
    const verdict = judge(changes, printed, [], now);
    expect(verdict).toMatchObject({ exitCode: 0, notes: [] });
    expect(verdict.findings.map(toLine).filter((line) => line.includes(`(meant until ${later}: …)`))).toHaveLength(3);
    expect(toWaivers(verdict, now)).toBeUndefined();
    expect(judge(changes, printed.slice(1), [], now).exitCode).toBe(1);
    expect(judge(changes, printed.slice(0, 2), [], now).exitCode).toBe(2);
  });

  const [one] = printed as [Waiver];
  const is = "shared/events/published/waivers.json";
  it.each<[string, Waiver, readonly Waiver[], number, string | undefined]>([
    ["on its last day", { ...one, until: "2026-06-01" }, [], 0, undefined],
    [
      "after it",
      { ...one, until: "2026-05-31" },
      [],
      1,
      `${is}  EXPIRED  the waiver of a.b payload.m BACKWARD was good until 2026-05-31: remove it, or renew it with a reason`,
    ],
    ["for a year", { ...one, until: "2027-06-01" }, [], 0, undefined],
    [
      "for longer",
      { ...one, until: "2027-06-02" },
      [],
      1,
      `${is}  ERROR  the waiver of a.b payload.m BACKWARD is good until 2027-06-02: at most a year, until 2027-06-01`,
    ],
    [
      "of another change",
      { ...one, change: "required" },
      [],
      1,
      `${is}  ERROR  the waiver of a.b payload.m BACKWARD matches no line: its change reads "required"`,
    ],
    [
      "of what the base has waived, and has no more",
      { ...one, change: "gone" },
      [{ ...one, change: "gone" }],
      1,
      `${is}  NOTICE  the waiver of a.b payload.m BACKWARD has no line any more: remove it once every branch has its change`,
    ],
  ])("%s", (_, waiver, known, code, note) => {
    const verdict = judge(compare(toSide(v.optional(text)), toSide(text)), [waiver], known, now);
    expect(verdict.notes.map(toNoteLine)).toEqual(note === undefined ? [] : [note]);
    expect(verdict.exitCode).toBe(code);
  });

  it("that is left over fails nothing", () => {
    expect(judge([], [one], [one], now)).toMatchObject({ exitCode: 0, notes: [{ kind: "NOTICE" }] });
  });
});
