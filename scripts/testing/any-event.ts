import fc from "fast-check";
import type { DefinedEvent } from "../../shared/events/domain.ts";

type Event = Readonly<Record<string, unknown>>;

/** Values of every JSON type, most of them wrong wherever they stand. */
const ANY_TYPE = [null, true, false, 0, -1.5, 1e300, "", "text", [], [{}], {}, { a: 1 }];

/** Values at the limits of a field, on both sides, by its name; what is not here is {@link TEXT_EDGES}. */
const EDGES: Readonly<Record<string, readonly unknown[]>> = {
  event_type: [],
  payload: [{ "": "" }, JSON.parse('{"__proto__":null}')],
  event_id: [
    ...[1, 127, 128, 129].map((length) => "a".repeat(length)),
    ..."AZaz09._:-/ \n%é\u212a".split("").map((character) => `e${character}`),
  ],
  timestamp: [
    ...["0000-02-29", "1900-02-28", "1900-02-29", "2000-02-29", "2023-02-29", "2024-02-29", "2024-02-30"].map(atNoon),
    ...["2026-00-01", "2026-01-00", "2026-04-31", "2026-12-31", "2026-12-32", "2026-13-01", "９026-01-01"].map(atNoon),
    ...["2026-1-01", "26-01-01", "+2026-01-01", "20260101"].map(atNoon),
    ...["00:00:00", "23:59:59", "23:59:60", "23:59:61", "23:60:00", "24:00:00", "12:00", "1:00:00"].map(onOneDay),
    ...["12:00:00.1", "12:00:00.123456789012", "12:00:00.", "12:00:00,1"].map(onOneDay),
    ...["z", "+00:00", "-23:59", "+24:00", "+23:60", "+0100", "+01", "", " Z", "Z\n"].map(
      (zone) => `2026-02-28T12:00:00${zone}`,
    ),
    ...["2026-01-01t00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01", "1767225600", "now"],
  ],
};

const TEXT_EDGES = [
  ...[1, 1023, 1024, 1025].map((length) => "x".repeat(length)),
  ...["é".repeat(512), "é".repeat(513), "😀".repeat(256), "😀".repeat(257), "€".repeat(1025)],
  ...[" ", "\u0000", "\u007f", "\ufffd", "\ud800", "a\udfff", "\ude00\ud83d"],
];

function atNoon(day: string): string {
  return `${day}T12:00:00Z`;
}

function onOneDay(time: string): string {
  return `2026-02-28T${time}Z`;
}

/** The sample's payload with one member at a limit, of another type, or missing. */
function payloadEdges({ sample }: DefinedEvent): readonly unknown[] {
  const payload = sample.payload as Event;
  const edges = [
    ...TEXT_EDGES,
    ...["x".repeat(257), "😀".repeat(256), "EUR", "EURO"],
    ...[-1, 1, 1.5, 2.0],
    ...ANY_TYPE,
  ];
  return Object.entries(payload).flatMap(([name, value]) => {
    const { [name]: _, ...others } = payload;
    const inside = Array.isArray(value)
      ? [[], [...value, ...value], [{ ...value[0], quantity: 0 }], [{ extra: 1 }]]
      : [];
    return [others, ...[...edges, ...inside].map((edge) => ({ ...payload, [name]: edge }))];
  });
}

function edgesOf(field: string): readonly unknown[] {
  return [...(EDGES[field] ?? TEXT_EDGES), ...ANY_TYPE];
}

/**
 * Lists events of one type that each differ from the sample in one field: at a limit, of another type, or missing.
 *
 * @returns events as they are after a round trip through JSON text
 */
export function listEdgeCases(event: DefinedEvent): readonly Event[] {
  return Object.keys(event.schema.entries).flatMap((field) => {
    const { [field]: _, ...others } = event.sample;
    const edges = field === "payload" ? [...edgesOf(field), ...payloadEdges(event)] : edgesOf(field);
    return [others, ...edges.map((value) => ({ ...event.sample, [field]: value }))];
  });
}

const anyText = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
const anyObject = fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
const anyDate = fc
  .date({ min: new Date("0000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true })
  .map((date) => date.toISOString());

/** By the names of fields; what is not here is text. */
const anyValue: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  event_id: fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/),
  timestamp: anyDate,
};

/** The sample's payload with members that no schema names; now and then one of its own is wrong. */
function anyPayload(event: DefinedEvent): fc.Arbitrary<unknown> {
  const right = fc.constant(event.sample.payload);
  const edges = payloadEdges(event);
  // Where the schema names no member, none can be wrong.
  const payload =
    edges.length === 0
      ? right
      : fc.oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: fc.constantFrom(...edges) });
  return fc.tuple(anyObject, payload).map(([others, own]) => ({ ...others, ...(own as object) }));
}

/**
 * Makes an arbitrary of events of one type: about half of them right, the others wrong in one way or several, all with
 * members that no schema knows.
 *
 * @returns events as they are after a round trip through JSON text
 */
export function anyEvent(event: DefinedEvent): fc.Arbitrary<Event> {
  const fields = Object.keys(event.schema.entries).map((field) => {
    const own = { event_type: fc.constant(event.type), payload: anyPayload(event) };
    const right = own[field as keyof typeof own] ?? anyValue[field] ?? anyText;
    const present = fc.oneof(
      { weight: 12, arbitrary: right },
      { weight: 1, arbitrary: fc.constantFrom(...edgesOf(field)) },
    );
    // Undefined does not survive the round trip: the field is missing.
    return fc.tuple(fc.constant(field), fc.option(present, { nil: undefined, freq: 20 }));
  });
  return fc
    .tuple(anyObject, fc.tuple(...fields))
    .map(([others, own]) => JSON.parse(JSON.stringify({ ...others, ...Object.fromEntries(own) })) as Event);
}
