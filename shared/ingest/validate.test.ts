import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { Domain } from "../events/domain.ts";
import { domains, findEvent } from "../events/registry.ts";
import { Problem } from "../http/problem.ts";
import { enrich } from "./enrich.ts";
import { readEvent } from "./read-event.ts";
import { validateEvent } from "./validate.ts";

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

/** What the contract says of an event that is parsed as a whole: the code of its problem, or undefined. */
function judge(event: Record<string, unknown>, domain: Domain): string | undefined {
  const type = event.event_type;
  if (type === undefined || type === null || type === "") return "missing_event_type";
  const found = typeof type === "string" ? findEvent(type) : undefined;
  if (!found) return "unknown_event_type";
  if (found.domain !== domain) return "wrong_function";
  return v.is(found.event.schema, event) ? undefined : "invalid_event";
}

function validate(bytes: Buffer, domain: Domain) {
  try {
    return validateEvent(readEvent(bytes, domain), domain);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

describe("validateEvent, which never parses an event", () => {
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
            event_type: "inventory.low_stock_alert",
            user_id,
            payload: {},
          });
          const text = ` ${own.slice(0, -1)},"extra":${extra}}\n`;
          const event = validateEvent(readEvent(Buffer.from(text), domains.system), domains.system);
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
