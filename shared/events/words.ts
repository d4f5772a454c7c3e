import { MAX_PAYLOAD_VALUES } from "./limits.ts";

/** An action of valibot, or an issue of an action or a schema, as far as words are made from it. */
export interface Broken {
  readonly kind: string;
  readonly type: string;
  readonly requirement?: unknown;
  /** What valibot says that the schema wants: of a literal or a picklist, the schema's own values. */
  readonly expected?: string | null | undefined;
  /** The rejected value: only its JSON type may be looked at. */
  readonly input?: unknown;
}

/** Words that depend on the value's place or size, not on the kind of its schema. */
export const REQUIRED = "is required";
export const LEAVE_OUT = "must not be null; leave the field out instead";
export const NOT_NULL = "must not be null";
export const OUT_OF_RANGE = "is beyond the range of a double";
export const HAS_OTHERS = "must not have members that its schema does not name";
export const INVALID = "must be valid";
export const TOO_MANY_VALUES = `has more than ${String(MAX_PAYLOAD_VALUES).replace(/(?=\d{3}$)/, ",")} values, so it is not checked`;

const EMPTY = "must not be empty";

/** By the `type` of schemas and validations; `%` is what they ask for: a limit, or their options. */
const forms: Readonly<Record<string, string>> = {
  array: "must be an array",
  boolean: "must be true or false",
  check_items: "must be a valid item",
  empty: "must be empty",
  ends_with: "must end with %",
  enum: "must be %",
  every_item: "must have valid items alone",
  excludes: "must not contain %",
  finite: "must be a finite number",
  gt_value: "must be more than %",
  includes: "must contain %",
  integer: "must be an integer",
  intersect: "must match all of its schemas",
  iso_date: "must be a date (YYYY-MM-DD)",
  iso_date_time: "must be a date and time (YYYY-MM-DDThh:mm)",
  iso_date_time_second: "must be a date and time (YYYY-MM-DDThh:mm:ss)",
  iso_time: "must be a time (hh:mm)",
  iso_time_second: "must be a time (hh:mm:ss)",
  iso_timestamp: "must be a timestamp (YYYY-MM-DDThh:mm:ss.sssZ)",
  literal: "must be %",
  lt_value: "must be less than %",
  max_value: "must be at most %",
  min_value: "must be at least %",
  multiple_of: "must be a multiple of %",
  non_empty: EMPTY,
  not_value: "must not be %",
  not_values: "must be none of: %",
  null: "must be null",
  number: "must be a number",
  object: "must be a JSON object",
  picklist: "must be %",
  record: "must be a JSON object",
  regex: "must have the form that is asked for",
  safe_integer: "must be an integer that a double holds exactly",
  some_item: "must have an item that is valid",
  starts_with: "must start with %",
  string: "must be a string",
  tuple: "must be an array",
  union: "must match one of its schemas",
  value: "must be %",
  values: "must be one of: %",
  variant: "must be %",
};

/** `max_length`, `not_bytes`, `words`. */
const SIZE = /^(?:(max|min|not)_)?(bytes|code_points|entries|graphemes|length|words)$/;
const BOUNDS: Readonly<Record<string, string>> = { max: "at most ", min: "at least " };
const UNITS: Readonly<Record<string, string>> = { bytes: "bytes of UTF-8", entries: "members", words: "words" };

/**
 * Says what an answer says of what is broken; never the rejected value, which valibot repeats.
 *
 * @param isHidden whether the limits and options of the schema may be the value
 */
export function say({ kind, type, requirement, expected, input }: Broken, isHidden = false): string {
  if (kind === "schema" && expected === "never") return "must be left out";
  const form = forms[type] ?? forms[type.replace(/^(?:loose|strict)_|_with_rest$/, "")];
  if (form?.endsWith("%")) {
    return isHidden ? INVALID : form.slice(0, -1) + (kind === "schema" ? toOptions(expected) : toText(requirement));
  }
  if (form !== undefined) return form;
  const [, bound = "", unit] = SIZE.exec(type) ?? [];
  if (unit === undefined) {
    // What is left of the validations are forms of text.
    return kind === "schema" || /check$|guard/.test(type) ? INVALID : `must be a valid ${type.replaceAll("_", " ")}`;
  }
  if (isHidden) return INVALID;
  if (bound === "min" && requirement === 1) return EMPTY;
  const verb = `must ${bound === "not" ? "not " : ""}${unit === "bytes" ? "be" : "have"}`;
  const named = UNITS[unit] ?? (Array.isArray(input) ? "items" : "characters");
  return `${verb} ${BOUNDS[bound] ?? ""}${requirement} ${named}`;
}

const LISTED = 20;

function list(values: readonly string[], between: string): string {
  return (values.length > LISTED ? [...values.slice(0, LISTED), "…"] : values).join(between);
}

/** What a schema wants of its kind's values: `("a" | "b")` as `"a" or "b"`. */
function toOptions(expected: string | null | undefined): string {
  return list((expected ?? "").replace(/^\((.*)\)$/s, "$1").split(" | "), " or ");
}

function toText(requirement: unknown): string {
  const toJson = (value: unknown) => JSON.stringify(value);
  return Array.isArray(requirement) ? list(requirement.map(toJson), ", ") : toJson(requirement);
}
