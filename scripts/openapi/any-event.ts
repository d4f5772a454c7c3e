import fc from "fast-check";
import type { DefinedEvent } from "../../shared/events/domain.ts";

const ID_CHARACTERS = [..."ABCZabcz0189._:-"];

/** Text around every limit that a text field has: none, one, 128, 1,024 characters, and more bytes than characters. */
const anyText = fc.oneof(
  { weight: 6, arbitrary: fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
  fc.integer({ min: 0, max: 3 }).map((more) => "x".repeat(1022 + more)),
  fc.integer({ min: 510, max: 514 }).map((length) => "é".repeat(length)),
  fc.constantFrom("", " ", "\u0000", "\ud800", "a\udfff", "😀".repeat(256), "😀".repeat(257), "€".repeat(342)),
);

const anyEventId = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: fc.constantFrom(...ID_CHARACTERS), minLength: 1, maxLength: 40 }) },
  fc.integer({ min: 126, max: 130 }).map((length) => "a".repeat(length)),
  fc.constantFrom("", "evt 1", "evt_1\n", "évt", "evt/1", "\u212aelvin"),
);

const anyOffset = fc.constantFrom("Z", "z", "+00:00", "-23:59", "+05:30", "+24:00", "+05:60", "+0530", "+05", "", " Z");
const anyTime = fc.constantFrom(
  "00:00:00",
  "23:59:59",
  "23:59:60",
  "24:00:00",
  "12:60:00",
  "12:00:61",
  "12:00",
  "1:00:00",
);

const anyTimestamp = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .date({ min: new Date("0000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true })
      .map((date) => date.toISOString()),
  },
  // Days 28 to 32 of every month, in leap years and others, centuries among them.
  fc
    .tuple(
      fc.constantFrom("0000", "1900", "2000", "2023", "2024"),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 28, max: 32 }),
    )
    .map(([year, month, day]) => `${year}-${String(month).padStart(2, "0")}-${day}T00:00:00Z`),
  fc
    .tuple(fc.constantFrom("T", "t", " ", ""), anyTime, fc.constantFrom("", ".5", ".123456789", ".", ",5"), anyOffset)
    .map(([separator, time, fraction, offset]) => `2026-02-28${separator}${time}${fraction}${offset}`),
  fc.constantFrom(
    "",
    "now",
    "2026-02-28",
    "1767225600",
    "20260228T000000Z",
    "2026-02-28T00:00:00Z\n",
    "２026-02-28T00:00:00Z",
  ),
);

const anyObject = fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });

/** By the names of fields; what is not here is text. */
const anyValue: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  event_id: anyEventId,
  timestamp: anyTimestamp,
  payload: anyObject,
};

/** Values of every JSON type, most of them wrong wherever they stand. */
const wrong = fc.constantFrom<unknown>(null, true, false, 0, -1.5, 1e300, "", "text", [], [{}], {}, { a: 1 });

const MISSING = Symbol("missing");

/**
 * Makes an arbitrary of events of one type: about half of them right, the others wrong in one way or several, near the
 * limits as well as far from them, each with members that no schema knows.
 *
 * @returns events as they are after a round trip through JSON text
 */
export function anyEvent(event: DefinedEvent): fc.Arbitrary<unknown> {
  const fields = Object.keys(event.schema.entries).map((field) => {
    const value = field === "event_type" ? fc.constant(event.type) : (anyValue[field] ?? anyText);
    const sample = fc.constant(event.sample[field] ?? MISSING);
    const choice = fc.oneof(
      { weight: 10, arbitrary: sample },
      { weight: 10, arbitrary: value },
      { weight: 1, arbitrary: wrong },
      { weight: 1, arbitrary: fc.constant(MISSING) },
    );
    return choice.map((chosen) => [field, chosen] as const);
  });
  return fc
    .tuple(anyObject, fc.tuple(...fields))
    .map(([others, own]) => ({ ...others, ...Object.fromEntries(own.filter(([, value]) => value !== MISSING)) }))
    .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
}
