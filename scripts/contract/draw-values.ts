import fc from "fast-check";
import { type JsonSchema, rulesOf } from "../build/schemas/json-schema.ts";
import { listPatterns } from "./compare-patterns.ts";
import { resolve } from "./keywords.ts";

/** What values are drawn for. */
export interface Drawing {
  readonly root: JsonSchema;
  /** Numbers and texts that rules mention, of either contract. */
  readonly mentioned: readonly (string | number)[];
}

const LENGTHS = [0, 1, 2, 3, 5, 8, 10, 16, 20, 32, 36, 50, 64, 100, 128, 200, 255, 256, 512, 1000, 1024, 2048, 5000];
const NUMBERS = [
  0,
  1,
  -1,
  2,
  3,
  5,
  7,
  10,
  42,
  99,
  100,
  999,
  1000,
  1e4,
  1e6,
  1e9,
  2 ** 31,
  2 ** 53 - 1,
  0.01,
  0.005,
  1.5,
];
const TEXTS = [
  "a",
  "Z",
  "7",
  " ",
  "a b",
  "ab_cd-EF.9",
  "é",
  "😀",
  "\u0000",
  "https://example.com/a?b=c",
  "user@example.com",
];
const BY_FORMAT: Readonly<Record<string, readonly string[]>> = {
  "date-time": [
    "2026-01-31T12:00:00Z",
    "2024-02-29T00:00:00.000+14:00",
    "1970-01-01T00:00:00Z",
    "2016-12-31T23:59:60Z",
  ],
  date: ["2026-01-31", "2024-02-29", "1970-01-01"],
  time: ["12:00:00", "00:00", "23:59:59"],
  email: ["user@example.com", "a.b+c@sub.example.org"],
  uri: ["https://example.com/", "http://localhost:8080/a?b#c", "ftp://example.com", "urn:a:b"],
  uuid: ["3f2b8c1d-9e4a-45f6-b7c8-d9e0f1a2b3c4", "00000000-0000-0000-0000-000000000000"],
  ipv4: ["127.0.0.1", "255.255.255.255"],
  ipv6: ["::1", "2001:db8::8a2e:370:7334"],
};

/**
 * Draws values at and around each bound of a schema. Not all of them are right: whoever runs them finds out.
 *
 * @param sample a right value, where there is one: the drawn ones are it with a difference
 * @returns always the same for the same schema
 */
export function drawValues(drawing: Drawing, schema: unknown, sample?: unknown, depth = 0): unknown[] {
  if (depth > 12) return [];
  const node = resolve(schema, drawing.root);
  if ("const" in node) return [node.const];
  if (node.enum) return node.enum as unknown[];
  const members = (node.oneOf ?? node.anyOf) as unknown[] | undefined;
  const first = sample === undefined ? [] : [sample];
  if (members) return [...first, ...members.flatMap((member) => drawValues(drawing, member, undefined, depth + 1))];
  if (node.allOf) return [...first, ...drawValues(drawing, toSum(node, drawing.root), sample, depth + 1)];
  const types = node.type === undefined ? ["any"] : [node.type].flat();
  return types.flatMap((type) => drawOfType(drawing, node, String(type), sample, depth));
}

function drawOfType(drawing: Drawing, node: JsonSchema, type: string, sample: unknown, depth: number): unknown[] {
  switch (type) {
    case "string":
      return drawTexts(drawing, node, sample);
    case "number":
    case "integer":
      return drawNumbers(drawing, node, sample);
    case "boolean":
      return [true, false];
    case "null":
      return [null];
    case "array":
      return drawArrays(drawing, node, sample, depth);
    case "object":
      return drawObjects(drawing, node, sample, depth);
    default:
      return [sample ?? {}, "text", 0, true, null, [], {}, ...drawing.mentioned];
  }
}

function drawTexts({ mentioned }: Drawing, node: JsonSchema, sample: unknown): string[] {
  const first = typeof sample === "string" ? [sample] : [];
  const numbers = mentioned.filter((literal) => typeof literal === "number");
  const said = mentioned.filter((literal) => typeof literal === "string");
  const lengths = around([...numbers, ...toBounds(node, ["minLength", "maxLength"])], LENGTHS, 20_000);
  const matching = listPatterns(node).concat(listFormats(node)).flatMap(drawMatching);
  const short = matching.toSorted((a, b) => a.length - b.length).slice(0, 6);
  const repeats = [...numbers, ...listRepeats(listPatterns(node))].filter((count) => count > 1 && count <= 300);
  const ends = toBounds(node, ["minLength", "maxLength"])
    .concat(numbers)
    .filter((length) => length <= 20_000);
  const known = BY_FORMAT[String(node.format)] ?? [];
  const drawn = [
    ...[...first, ...matching, ...known],
    ...matching.slice(0, 5).flatMap((text) => ends.flatMap((length) => stretch(text, length))),
    ...short.flatMap((text) => repeats.flatMap((count) => repeatEach(text, count))),
    ...lengths.map((length) => "x".repeat(length)),
    ...[...TEXTS, ...said.flatMap((text) => [text, `${text}1`, `x${text}`])],
    ...lengths.filter((length) => length > 0).flatMap((length) => ["é".repeat(length), "7".repeat(length)]),
    // Two code units, four bytes each; and several that readers take for one.
    ...lengths.filter((length) => length > 1).flatMap((length) => ["😀".repeat(length), `😀${"a".repeat(length - 2)}`]),
    ...lengths.filter((length) => length > 1).map((length) => `e${"\u0301".repeat(length - 1)}`),
  ];
  const { minLength = 0, maxLength = Infinity } = node as { minLength?: number; maxLength?: number };
  return rightFirst(drawn, ({ length }) => length >= minLength && length <= maxLength);
}

function drawMatching(pattern: RegExp): string[] {
  try {
    const flags = pattern.flags.replace("i", "");
    const drawn = fc.sample(fc.stringMatching(new RegExp(pattern.source, flags)), { seed: 1, numRuns: 40 });
    return flags === pattern.flags ? drawn : drawn.flatMap((text) => [text, text.toUpperCase(), text.toLowerCase()]);
  } catch {
    // Not every pattern can be drawn from; the others' texts are all that there is.
    return [];
  }
}

/** The expressions of kinds such as `email`, which their format does not show. */
function listFormats(node: JsonSchema): RegExp[] {
  return rulesOf(node).flatMap(({ item }) => (item.requirement instanceof RegExp ? [item.requirement] : []));
}

/** How often parts of patterns may be repeated, and a little beyond. */
export function listRepeats(patterns: readonly RegExp[]): number[] {
  const found = patterns.flatMap(({ source }) =>
    [...source.matchAll(/\{(?:\d+,)?(\d+)\}/g)].map(([, most]) => Number(most)),
  );
  return [...new Set(found)].filter((most) => most > 4).flatMap((most) => [most, most + 1, most + 2, most + 3]);
}

/** A text with each of its first characters in turn so often. */
function repeatEach(text: string, count: number): string[] {
  const characters = [...text].slice(0, 60);
  return characters.map((character, index) => [...text].toSpliced(index, 1, character.repeat(count)).join(""));
}

/** A text with one of its characters repeated until it has a length: what repeats in a pattern may do so at any place. */
function stretch(text: string, length: number): string[] {
  const characters = [...text];
  return [0, characters.length - 1, characters.length >> 1].flatMap((index) =>
    [length, length - 1, length + 1].flatMap((wanted) => {
      const more = wanted - characters.length;
      return more > 0
        ? [characters.toSpliced(index, 0, ...Array<string>(more).fill(characters[index] ?? "")).join("")]
        : [];
    }),
  );
}

function drawNumbers({ mentioned }: Drawing, node: JsonSchema, sample: unknown): number[] {
  const keywords = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
  const bounds = [...toBounds(node, keywords), ...mentioned.filter((literal) => typeof literal === "number")];
  const step = Number(node.multipleOf ?? 1);
  const near = bounds.flatMap((bound) => {
    const multiple = Math.ceil(bound / step) * step;
    return [
      bound,
      bound - 1,
      bound + 1,
      bound - 0.01,
      bound + 0.01,
      -bound,
      multiple,
      multiple + step,
      multiple - step,
    ];
  });
  const { minimum = -Infinity, maximum = Infinity } = node as { minimum?: number; maximum?: number };
  const multiples = step === 1 ? [] : Array.from({ length: 30 }, (_, index) => index * step);
  const drawn = [...(typeof sample === "number" ? [sample] : []), ...new Set([...near, ...NUMBERS, ...multiples])];
  return rightFirst(drawn, (value) => value > minimum && value < maximum && Number.isInteger(value));
}

function drawArrays(drawing: Drawing, node: JsonSchema, sample: unknown, depth: number): unknown[] {
  const start = (node.prefixItems ?? []) as unknown[];
  const own = Array.isArray(sample) ? sample : [];
  const drawn = start.map((member, index) => drawValues(drawing, member, own[index], depth + 1));
  const fixed = drawn.map(([value]) => value);
  const items = node.items === false ? [] : drawValues(drawing, node.items ?? {}, own[start.length], depth + 1);
  const numbers = drawing.mentioned.filter((literal) => typeof literal === "number");
  const lengths = around(
    [...numbers, ...toBounds(node, ["minItems", "maxItems"])],
    [0, 1, 2, 3, 10, 50, 100, 1000],
    2000,
  );
  const least = Math.max(1, Number(node.minItems ?? 0) - start.length);
  return [
    ...(Array.isArray(sample) ? [sample] : []),
    ...drawn.flatMap((values, index) => values.map((value) => fixed.with(index, value))),
    ...items.map((item) => [...fixed, item, ...Array<unknown>(least - 1).fill(items[0])]),
    ...lengths.map((length) => [...fixed, ...Array<unknown>(length).fill(items[0])]),
    [...fixed, ...new Set(items.slice(0, 5))],
  ];
}

function drawObjects(drawing: Drawing, node: JsonSchema, sample: unknown, depth: number): object[] {
  const properties = Object.entries((node.properties ?? {}) as Record<string, unknown>);
  const required = new Set((node.required ?? []) as string[]);
  const own = (typeof sample === "object" && sample !== null ? sample : {}) as Record<string, unknown>;
  const drawn = properties.map(([name, member]) => [name, drawValues(drawing, member, own[name], depth + 1)] as const);
  const full = Object.fromEntries(drawn.map(([name, [value]]) => [name, value]));
  const least = Object.fromEntries(Object.entries(full).filter(([name]) => required.has(name)));
  // Of members without a name the contract says nothing: they are not drawn, nor taken from the sample.
  const named = Object.fromEntries(Object.entries(full).filter(([name]) => Object.hasOwn(own, name)));
  const others = typeof node.additionalProperties === "object" ? node.additionalProperties : undefined;
  const free =
    others && Object.keys(others as object).length > 0 ? drawValues(drawing, others, undefined, depth + 1) : [];
  const names = free.length > 0 && node.propertyNames ? drawValues(drawing, node.propertyNames).map(String) : [];
  const vary = (base: object) => [
    base,
    ...drawn.flatMap(([name, values]) => values.map((value) => ({ ...base, [name]: value }))),
    ...Object.keys(base).map((name) => without(base, name)),
    ...free.map((value) => ({ ...base, [names[0] ?? "other"]: value })),
    ...names.map((name) => ({ ...base, [name]: free[0] })),
  ];
  return [...(sample === undefined ? [] : vary(named)), full, ...vary(least)];
}

function without(value: object, name: string): object {
  return Object.fromEntries(Object.entries(value).filter(([member]) => member !== name));
}

function toBounds(node: JsonSchema, keywords: readonly string[]): number[] {
  return keywords.map((keyword) => node[keyword]).filter((bound) => typeof bound === "number");
}

/** Whatever is built from the first value must be right in all but one place. */
function rightFirst<T>(values: readonly T[], isRight: (value: T) => boolean): T[] {
  return [...values.filter(isRight), ...values.filter((value) => !isRight(value))];
}

function around(bounds: readonly number[], usual: readonly number[], atMost: number): number[] {
  const near = bounds.flatMap((bound) => [bound, bound - 1, bound + 1]);
  return [...new Set([...near, ...usual])].filter((value) => Number.isInteger(value) && value >= 0 && value <= atMost);
}

/** The parts of a sum as one schema, as far as they are objects or say different things. */
function toSum({ allOf, ...rest }: JsonSchema, root: JsonSchema): JsonSchema {
  const parts = [rest, ...(allOf as unknown[]).map((part) => resolve(part, root))];
  return {
    ...Object.assign({}, ...parts),
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: parts.flatMap(({ required }) => (required ?? []) as string[]),
  };
}
