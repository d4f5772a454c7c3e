import { MAX_PAYLOAD_VALUES } from "./limits.ts";

/** A schema or an action of valibot, as far as words are made from it. */
export interface Described {
  readonly requirement?: unknown;
  /** What valibot says that the schema wants: of a literal or a picklist, the schema's own values. */
  readonly expected?: string | null | undefined;
  /** The rejected value: only its JSON type may be looked at. */
  readonly input?: unknown;
}

/** What an answer says where a schema or a check of one kind is broken; never the rejected value, which valibot repeats. */
type Words = string | ((described: Described) => string);

const ARRAY = "must be an array";
const OBJECT = "must be a JSON object";
const OPTIONS: Words = ({ expected }) => `must be ${toOptions(expected)}`;

/** By the `type` of valibot's schemas; a kind that is not here is broken by no JSON value, or says {@link INVALID}. */
export const schemaWords: Readonly<Record<string, Words>> = {
  array: ARRAY,
  boolean: "must be true or false",
  enum: OPTIONS,
  intersect: "must match all of its schemas",
  literal: OPTIONS,
  loose_object: OBJECT,
  loose_tuple: ARRAY,
  never: "must be left out",
  null: "must be null",
  number: "must be a number",
  object: OBJECT,
  object_with_rest: OBJECT,
  picklist: OPTIONS,
  record: OBJECT,
  strict_object: OBJECT,
  strict_tuple: ({ expected }) => (expected === "never" ? "must be left out" : ARRAY),
  string: "must be a string",
  tuple: ARRAY,
  tuple_with_rest: ARRAY,
  union: "must match one of its schemas",
  variant: OPTIONS,
};

/** By the `type` of valibot's validations; one that is not here is a form of text, and named by its type. */
export const actionWords: Readonly<Record<string, Words>> = {
  bytes: ({ requirement }) => `must be ${requirement} bytes of UTF-8`,
  check: "must be valid",
  check_items: "must be a valid item",
  code_points: ({ requirement }) => `must be ${requirement} characters`,
  empty: "must be empty",
  ends_with: ({ requirement }) => `must end with ${toText(requirement)}`,
  entries: ({ requirement }) => `must have ${requirement} members`,
  every_item: "must have valid items alone",
  excludes: ({ requirement }) => `must not contain ${toText(requirement)}`,
  finite: "must be a finite number",
  graphemes: ({ requirement }) => `must be ${requirement} characters`,
  gt_value: ({ requirement }) => `must be more than ${toText(requirement)}`,
  guard: "must be valid",
  includes: ({ requirement }) => `must contain ${toText(requirement)}`,
  integer: "must be an integer",
  iso_date: "must be a date (YYYY-MM-DD)",
  iso_date_time: "must be a date and time (YYYY-MM-DDThh:mm)",
  iso_date_time_second: "must be a date and time (YYYY-MM-DDThh:mm:ss)",
  iso_time: "must be a time (hh:mm)",
  iso_time_second: "must be a time (hh:mm:ss)",
  iso_timestamp: "must be a timestamp (YYYY-MM-DDThh:mm:ss.sssZ)",
  iso_week: "must be a week (YYYY-Www)",
  length: (described) => `must have ${described.requirement} ${toUnit(described)}`,
  lt_value: ({ requirement }) => `must be less than ${toText(requirement)}`,
  max_bytes: ({ requirement }) => `must be at most ${requirement} bytes of UTF-8`,
  max_code_points: ({ requirement }) => `must have at most ${requirement} characters`,
  max_entries: ({ requirement }) => `must have at most ${requirement} members`,
  max_graphemes: ({ requirement }) => `must have at most ${requirement} characters`,
  max_length: (described) => `must have at most ${described.requirement} ${toUnit(described)}`,
  max_value: ({ requirement }) => `must be at most ${toText(requirement)}`,
  max_words: ({ requirement }) => `must have at most ${requirement} words`,
  min_bytes: ({ requirement }) => `must be at least ${requirement} bytes of UTF-8`,
  min_code_points: ({ requirement }) => toLeast(requirement, "characters"),
  min_entries: ({ requirement }) => toLeast(requirement, "members"),
  min_graphemes: ({ requirement }) => toLeast(requirement, "characters"),
  min_length: (described) => toLeast(described.requirement, toUnit(described)),
  min_value: ({ requirement }) => `must be at least ${toText(requirement)}`,
  min_words: ({ requirement }) => `must have at least ${requirement} words`,
  multiple_of: ({ requirement }) => `must be a multiple of ${requirement}`,
  non_empty: "must not be empty",
  not_bytes: ({ requirement }) => `must not be ${requirement} bytes of UTF-8`,
  not_code_points: ({ requirement }) => `must not have ${requirement} characters`,
  not_entries: ({ requirement }) => `must not have ${requirement} members`,
  not_graphemes: ({ requirement }) => `must not have ${requirement} characters`,
  not_length: (described) => `must not have ${described.requirement} ${toUnit(described)}`,
  not_value: ({ requirement }) => `must not be ${toText(requirement)}`,
  not_values: ({ requirement }) => `must be none of: ${toList(requirement as readonly unknown[])}`,
  not_words: ({ requirement }) => `must not have ${requirement} words`,
  partial_check: "must be valid",
  raw_check: "must be valid",
  regex: "must have the form that is asked for",
  safe_integer: "must be an integer that a double holds exactly",
  some_item: "must have an item that is valid",
  starts_with: ({ requirement }) => `must start with ${toText(requirement)}`,
  value: ({ requirement }) => `must be ${toText(requirement)}`,
  values: ({ requirement }) => `must be one of: ${toList(requirement as readonly unknown[])}`,
  words: ({ requirement }) => `must have ${requirement} words`,
};

/** Words that depend on the value's place or size, not on the kind of its schema. */
export const REQUIRED = "is required";
export const LEAVE_OUT = "must not be null; leave the field out instead";
export const NOT_NULL = "must not be null";
export const OUT_OF_RANGE = "is beyond the range of a double";
export const HAS_OTHERS = "must not have members that its schema does not name";
export const INVALID = "must be valid";
export const TOO_MANY_VALUES = `has more than ${String(MAX_PAYLOAD_VALUES).replace(/(?=\d{3}$)/, ",")} values, so it is not checked`;

/** @returns what is said where a schema or an action of this kind is broken */
export function say(kind: string, type: string, described: Described): string {
  const words = (kind === "schema" ? schemaWords : actionWords)[type];
  if (typeof words === "function") return words(described);
  return words ?? (kind === "schema" ? INVALID : `must be a valid ${type.replaceAll("_", " ")}`);
}

/** As {@link say}, without anything of the schema's own. */
export function sayKind(kind: string, type: string): string {
  const words = (kind === "schema" ? schemaWords : actionWords)[type];
  return typeof words === "function" ? INVALID : say(kind, type, {});
}

function toUnit({ input }: Described): string {
  return Array.isArray(input) ? "items" : "characters";
}

function toLeast(requirement: unknown, unit: string): string {
  return requirement === 1 ? "must not be empty" : `must have at least ${requirement} ${unit}`;
}

/** A value of the schema's own, never of the caller's. */
function toText(value: unknown): string {
  return typeof value === "function" ? "what is asked for" : (JSON.stringify(value) ?? String(value));
}

/** `("a" | "b")` as `"a" or "b"`. */
function toOptions(expected: string | null | undefined): string {
  const options = (expected ?? "").replace(/^\((.*)\)$/s, "$1").split(" | ");
  const listed = options.length > LISTED ? [...options.slice(0, LISTED), "…"] : options;
  return listed.join(" or ");
}

const LISTED = 20;

function toList(values: readonly unknown[] = []): string {
  const listed = values.slice(0, LISTED).map(toText);
  return values.length > LISTED ? `${listed.join(", ")}, …` : listed.join(", ");
}
