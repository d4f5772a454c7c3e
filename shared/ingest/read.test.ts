import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { Domain } from "../events/domain.ts";
import { domains, findEvent } from "../events/registry.ts";
import { Problem } from "../http/problem.ts";
import { Contract } from "./contract.ts";
import { enrich } from "./enrich.ts";
import { judge as judgeEvent, type ValidEvent } from "./judge.ts";
import { readEvents as readArray, readEvent } from "./read.ts";
import { runAtOnce, TimeSlice } from "./time-slice.ts";

const all = Object.values<Domain>(domains);
const types = all.flatMap((domain) => Object.keys(domain.events));

/** Any value at all, with those that fields often have more often. */
const anyValue = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>("", "u", "evt_1", null, {}, [], 0, "2026-01-01T00:00:00Z", "a\ud800"),
  },
  fc.jsonValue(),
  fc.string({ unit: "binary", maxLength: 1100 }),
);

const members = fc.record(
  {
    event_type: fc.oneof(fc.constantFrom(...types), fc.constantFrom(...types), anyValue),
    event_id: fc.oneof(fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/), anyValue),
    timestamp: fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      anyValue,
    ),
    user_id: fc.oneof(fc.string({ minLength: 1 }), anyValue),
    session_id: fc.oneof(fc.string({ minLength: 1 }), anyValue),
    order_id: fc.oneof(fc.string({ minLength: 1 }), anyValue),
    payload: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), anyValue),
    extra: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

/** Whether every string and key of a value has UTF-8. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every((member) => member.every(isWellFormed));
}

/** What the contract says of an event that is parsed as a whole: the code of its problem, or undefined. */
function judge(event: Record<string, unknown>, domain: Domain): string | undefined {
  if (!isWellFormed(event)) return "malformed_json";
  const type = event.event_type;
  if (type === undefined || type === null || type === "") return "missing_event_type";
  const found = typeof type === "string" ? findEvent(type) : undefined;
  if (!found) return "unknown_event_type";
  if (found.domain !== domain) return "wrong_function";
  return v.is(found.event.schema, event) ? undefined : "invalid_event";
}

const contracts = new Map(all.map((domain) => [domain, new Contract(domain, "report")]));

function validate(bytes: Buffer, domain: Domain): ValidEvent | Problem {
  const contract = contracts.get(domain) as Contract;
  try {
    const event = runAtOnce(readEvent(bytes, contract.names));
    return judgeEvent(event, contract).problem ?? (event as ValidEvent);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

const readEvents = (body: Buffer, domain: Domain, limit: number) =>
  new TimeSlice().run(readArray(body, (contracts.get(domain) as Contract).names, limit));

describe("an event, which is never parsed as a whole", () => {
  it("judges any event as its schema judges the parsed one, whatever its white space", () => {
    fc.assert(
      fc.property(members, fc.constantFrom(...all), fc.constantFrom("", " ", "\n\t"), (event, domain, space) => {
        const text = space + JSON.stringify(event, null, space) + space;
        const outcome = validate(Buffer.from(text), domain);
        expect(outcome instanceof Problem ? outcome.code : undefined).toBe(judge(JSON.parse(text), domain));
      }),
      { numRuns: 3000 },
    );
  });

  it("answers any bytes with a verdict", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(validate(Buffer.from(bytes), domains.commerce)).toBeInstanceOf(Problem);
      }),
    );
  });

  it("reads field names that are written with escapes", () => {
    const text = JSON.stringify(domains.commerce.events["order.placed"].sample);
    const escaped = text.replace('"user_id"', '"\\u0075ser_\\u0069d"').replace('"event_type"', '"\\u0065vent_type"');
    expect(validate(Buffer.from(escaped), domains.commerce)).not.toBeInstanceOf(Problem);
  });
});

const { sample } = domains.commerce.events["order.placed"];
const text = JSON.stringify(sample);
const fields = ["event_type", "event_id", "timestamp", "user_id", "session_id", "order_id", "payload"];

/** The problem that an order is refused with. */
function refuse(body: string | Buffer): Problem {
  const outcome = validate(Buffer.from(body), domains.commerce);
  if (!(outcome instanceof Problem)) throw new Error("The event is valid.");
  return outcome;
}

it.each([
  ['"nope"', "nope"],
  [`"${"x".repeat(64)}"`, "x".repeat(64)],
  [`"${"x".repeat(65)}"`, `${"x".repeat(64)}…`],
  [`"${"x".repeat(63)}😀"`, `${"x".repeat(63)}\ufffd…`],
  [`"${"x".repeat(100_000)}"`, `${"x".repeat(64)}…`],
  ["7", "(not a string)"],
  ['["order.placed"]', "(not a string)"],
])("the event type %.20s is unknown, and repeated as far as it is short", (type, echo) => {
  expect(refuse(`{"event_type":${type}}`).message).toBe(`Unknown event_type: ${echo}`);
});

describe("a field's name", () => {
  const complete: Record<string, unknown> = {
    ...sample,
    event_id: "e",
    timestamp: "2026-01-01T00:00:00Z",
    session_id: "s",
  };
  const toEscapes = (name: string) =>
    [...name].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

  it.each(fields)("%s must not stand twice, however it is escaped", (field) => {
    for (const name of [field, toEscapes(field), field.replace(/.$/, toEscapes), field.replace("_", "\\u005F")]) {
      for (const body of [
        JSON.stringify(complete).replace(/}$/, `,"${name}":${JSON.stringify(complete[field])}}`),
        JSON.stringify(complete).replace(/^{/, `{"${name}":null,`),
      ]) {
        const { code, message, extras } = refuse(body);
        expect([code, message.slice(0, 2)]).toEqual(["invalid_event", "1 "]);
        expect(extras.errors).toEqual([{ path: field, message: "must stand only once" }]);
      }
    }
  });

  it("leaves a payload that stands twice unjudged: it may be either", () => {
    const { extras } = refuse(JSON.stringify(complete).replace(/}$/, ',"payload":{"items":1}}'));
    expect([extras.errors?.length, extras.warnings]).toEqual([1, undefined]);
  });

  const cases = fields.flatMap((field) => {
    const own = [
      field.toUpperCase(),
      field.replace(/^./, (c) => c.toUpperCase()),
      field.toUpperCase().replace("_", "\\u005f"),
    ];
    return [
      ...own,
      ...(field.includes("s") ? [field.replace("s", "ſ")] : []),
      ...(field.includes("i") ? [field.replace("i", "ı")] : []),
    ];
  });
  it.each(cases)("%s differs from a field's by case alone", (name) => {
    const field = JSON.parse(`"${name}"`).toLowerCase().replace("ſ", "s").replace("ı", "i");
    const { [field]: value, ...others } = complete;
    for (const event of [complete, others]) {
      const { code, extras } = refuse(JSON.stringify(event).replace(/}$/, `,"${name}":${JSON.stringify(value)}}`));
      expect(code).toBe("invalid_event");
      expect(extras.errors?.map(({ path }) => path)).toEqual([field]);
    }
  });

  it("may be almost that of a field, inside the payload too", () => {
    const others = '"user-id":1,"userid":1,"user_id ":1,"uſer_ıd_":1,"user\\u007fid":1,"Ω":1,"user_ie":1';
    const body = text.replace(/}$/, `,${others}}`).replace('"total"', '"USER_ID":1,"user_id":2,"user_id":3,"total"');
    expect(validate(Buffer.from(body), domains.commerce)).not.toBeInstanceOf(Problem);
  });

  it("counts for event_type before anything else, and lists the other faults as well", () => {
    const twice = refuse('{"event_type":"order.placed","event_type":"order.lost"}');
    expect([twice.code, twice.extras.errors?.map(({ path }) => path)]).toEqual([
      "invalid_event",
      ["event_type", "user_id", "payload"],
    ]);
    const cased = refuse('{"EVENT_TYPE":"order.placed","order_id":1}');
    expect([cased.code, cased.extras.errors?.[0]?.path]).toEqual(["invalid_event", "event_type"]);
  });
});

describe("a body that consumers' parsers refuse", () => {
  it.each([
    ["an unpaired surrogate", text.replace('"EUR"', '"\\ud800"'), text.indexOf("EUR"), /unpaired surrogate/],
    ["one in a key", ` {"a\\udc00":1,${text.slice(1)}`, 4, /unpaired surrogate/],
    [
      "a depth of 257",
      text.replace('"EUR"', "[".repeat(255) + "]".repeat(255)),
      text.indexOf('"EUR"') + 254,
      /deeper than 256/,
    ],
    [
      "a byte that is no UTF-8",
      Buffer.from(text.replace("EUR", "\u00e9\u00ff"), "latin1"),
      text.indexOf("EUR"),
      /UTF-8/,
    ],
  ])("%s is malformed, at its position in bytes", (_, body, position, fault) => {
    const { code, message } = refuse(body);
    expect([code, /position (\d+)/.exec(message)?.[1]]).toEqual(["malformed_json", String(position)]);
    expect(message).toMatch(fault);
  });

  it("is an entry's fault in a batch, counted from the entry, while broken JSON is the whole array's", async () => {
    const deep = `{"a":${"[".repeat(256)}${"]".repeat(256)}}`;
    const entries = [text, deep, text.replace("EUR", "\\ud800"), text].map((entry) => ` ${entry}`);
    const body = Buffer.from(`[${entries.join(",")}]`);
    const read = await readEvents(body, domains.commerce, 10);
    expect(read.map((entry) => (entry instanceof Problem ? entry.message : "read"))).toEqual([
      "read",
      "The event nests deeper than 256 at position 260.",
      `The event has an unpaired surrogate, which consumers' parsers refuse, at position ${text.indexOf("EUR")}.`,
      "read",
    ]);
    const invalid = Buffer.from(`[${text},${text.replace("EUR", "\u00ff")}]`, "latin1");
    const [, second] = await readEvents(invalid, domains.commerce, 10);
    expect(second instanceof Problem && second.message).toMatch(`position ${text.indexOf("EUR")}.`);
    await expect(readEvents(Buffer.from(`[${deep},{]`), domains.commerce, 10)).rejects.toThrow(
      `Malformed JSON at position ${deep.length + 3}`,
    );
  });
});

it.each([
  ["2026-12-31T23:59:60Z", true],
  ["2026-06-30T23:59:60.5Z", true],
  ["2027-01-01T00:59:60+01:00", true],
  ["2026-12-31T18:29:60-05:30", true],
  ["2024-02-29T23:59:60Z", true],
  ["0000-02-29T23:59:60Z", true],
  ["2026-12-30T23:59:60Z", false],
  ["2024-02-28T23:59:60Z", false],
  ["2026-12-31T22:59:60Z", false],
  ["2026-12-31T23:58:60Z", false],
  ["2026-12-31T23:59:60+01:00", false],
  ["2027-01-01T00:59:60Z", false],
])("second 60 in %s is a leap second: %s", (timestamp, isOne) => {
  const outcome = validate(Buffer.from(JSON.stringify({ ...sample, timestamp })), domains.commerce);
  expect(outcome instanceof Problem ? outcome.extras.errors?.map(({ path }) => path) : []).toEqual(
    isOne ? [] : ["timestamp"],
  );
});

it.each(["event_id", "timestamp"])("null for %s is a fault that says to leave the field out", (field) => {
  const { extras } = refuse(JSON.stringify({ ...sample, [field]: null }));
  expect(extras.errors).toEqual([{ path: field, message: expect.stringContaining("leave the field out") }]);
});

it("has one error a path, and as many as the detail says", () => {
  const { message, extras } = refuse(
    '{"event_type":"order.placed","user_id":"","event_id":"?","timestamp":"2026-02-31T23:59:60Z"}',
  );
  expect(extras.errors?.map(({ path }) => path)).toEqual(["event_id", "timestamp", "user_id", "payload", "order_id"]);
  expect(message).toMatch(/^5 /);
});

describe("enrich", () => {
  it("adds what is absent, and leaves every byte of the caller's as it is", () => {
    fc.assert(
      fc.property(
        fc.record({ user_id: fc.string({ minLength: 1, maxLength: 200 }), extra: fc.json() }),
        fc.boolean(),
        fc.boolean(),
        ({ user_id, extra }, hasId, hasTimestamp) => {
          const own = JSON.stringify({
            ...(hasId && { event_id: "own-id" }),
            ...(hasTimestamp && { timestamp: "2026-01-01T00:00:00+02:00" }),
            ...sample,
            user_id,
          });
          const text = ` ${own.slice(0, -1)},"extra":${extra}}\n`;
          const event = validate(Buffer.from(text), domains.commerce) as ValidEvent;
          const data = enrich(event, hasId ? "own-id" : "evt_new").toString();
          expect(data.endsWith(text.slice(2))).toBe(true);
          const { event_id, timestamp, ...rest } = JSON.parse(data);
          expect(event_id).toBe(hasId ? "own-id" : "evt_new");
          if (hasTimestamp) expect(timestamp).toBe("2026-01-01T00:00:00+02:00");
          else expect(new Date(timestamp).toISOString()).toBe(timestamp);
          const { event_id: _id, timestamp: _timestamp, ...sent } = JSON.parse(text);
          expect(rest).toEqual(sent);
        },
      ),
    );
  });
});
