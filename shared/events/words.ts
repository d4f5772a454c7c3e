/** A schema or an action of valibot, as far as words are made from it. */
export interface Described {
  readonly requirement?: unknown;
  /** What valibot says that the schema wants: of a literal or a picklist, the schema's own values. */
  readonly expected?: string | null;
  /** The rejected value: only its JSON type may be looked at. */
  readonly input?: unknown;
}

/** What an answer says where a schema or a check of one kind is broken; never the rejected value, which valibot repeats. */
type Words = string | ((described: Described) => string);

/** A kind that cannot be projected, and why, as the build says it. */
interface Refused {
  readonly refused: string;
}

const NOT_JSON: Refused = { refused: "no JSON value is one" };
const CHANGES: Refused = { refused: "it changes what was sent, which is published as it came" };
const NAMES_KEYS: Refused = {
  refused: "its faults are the caller's keys; members that a schema does not name are free",
};

/** By the `type` of valibot's schemas. */
export const schemaWords: Readonly<Record<string, Words | Refused>> = {
  any: "must be left out",
  array: "must be an array",
  bigint: NOT_JSON,
  blob: NOT_JSON,
  boolean: "must be true or false",
  custom: { refused: "its function would need the whole value; name the members with v.object" },
  date: NOT_JSON,
  enum: ({ expected }) => `must be ${toOptions(expected)}`,
  exact_optional: "is required",
  file: NOT_JSON,
  function: NOT_JSON,
  instance: NOT_JSON,
  intersect: "must match all of its schemas",
  lazy: { refused: "the memory that it takes would be bounded by the body, not by the schema" },
  literal: ({ expected }) => `must be ${toOptions(expected)}`,
  loose_object: "must be a JSON object",
  loose_tuple: "must be an array",
  map: NOT_JSON,
  nan: NOT_JSON,
  never: "must be left out",
  non_nullable: "must not be null",
  non_nullish: "must not be null",
  non_optional: "is required",
  null: "must be null",
  nullable: "is required",
  nullish: "is required",
  number: "must be a number",
  object: "must be a JSON object",
  object_with_rest: "must be a JSON object",
  optional: "is required",
  picklist: ({ expected }) => `must be ${toOptions(expected)}`,
  promise: NOT_JSON,
  record: "must be a JSON object",
  set: NOT_JSON,
  strict_object: NAMES_KEYS,
  strict_tuple: { refused: "use v.tuple with v.length" },
  string: "must be a string",
  symbol: NOT_JSON,
  tuple: "must be an array",
  tuple_with_rest: "must be an array",
  undefined: NOT_JSON,
  undefinedable: NOT_JSON,
  union: "must match one of its schemas",
  unknown: "must be left out",
  variant: ({ expected }) => `must be ${toOptions(expected)}`,
  void: NOT_JSON,
};

/** By the `type` of valibot's validations. */
export const actionWords: Readonly<Record<string, Words | Refused>> = {
  base64: "must be Base64",
  bic: "must be a BIC",
  bytes: ({ requirement }) => `must be ${requirement} bytes of UTF-8`,
  check: "must be valid",
  check_items: "must be a valid item",
  code_points: ({ requirement }) => `must be ${requirement} characters`,
  credit_card: "must be the number of a credit card",
  cuid2: "must be a CUID2",
  decimal: "must be a decimal number",
  digits: "must be digits only",
  domain: "must be a domain name",
  email: "must be an e-mail address",
  emoji: "must be emoji only",
  empty: "must be empty",
  ends_with: ({ requirement }) => `must end with ${toText(requirement)}`,
  entries: { refused: "the entries of an object are not counted" },
  every_item: "must have valid items alone",
  excludes: ({ requirement }) => `must not contain ${toText(requirement)}`,
  finite: "must be a finite number",
  graphemes: ({ requirement }) => `must be ${requirement} characters`,
  gt_value: ({ requirement }) => `must be more than ${toText(requirement)}`,
  hash: "must be a hash",
  hex_color: "must be a hexadecimal colour",
  hexadecimal: "must be hexadecimal",
  imei: "must be an IMEI",
  includes: ({ requirement }) => `must contain ${toText(requirement)}`,
  integer: "must be an integer",
  ip: "must be an IP address",
  ipv4: "must be an IPv4 address",
  ipv6: "must be an IPv6 address",
  isbn: "must be an ISBN",
  iso_date: "must be a date (YYYY-MM-DD)",
  iso_date_time: "must be a date and time (YYYY-MM-DDThh:mm)",
  iso_date_time_second: "must be a date and time (YYYY-MM-DDThh:mm:ss)",
  iso_time: "must be a time (hh:mm)",
  iso_time_second: "must be a time (hh:mm:ss)",
  iso_timestamp: "must be a timestamp (YYYY-MM-DDThh:mm:ss.sssZ)",
  iso_week: "must be a week (YYYY-Www)",
  isrc: "must be an ISRC",
  jws_compact: "must be a compact JWS",
  ksuid: "must be a KSUID",
  length: (described) => `must have ${described.requirement} ${toUnit(described)}`,
  lt_value: ({ requirement }) => `must be less than ${toText(requirement)}`,
  mac: "must be a MAC address",
  mac48: "must be a MAC address of 48 bits",
  mac64: "must be a MAC address of 64 bits",
  max_bytes: ({ requirement }) => `must be at most ${requirement} bytes of UTF-8`,
  max_code_points: ({ requirement }) => `must have at most ${requirement} characters`,
  max_entries: { refused: "the entries of an object are not counted" },
  max_graphemes: ({ requirement }) => `must have at most ${requirement} characters`,
  max_length: (described) => `must have at most ${described.requirement} ${toUnit(described)}`,
  max_size: { refused: "no JSON value has a size" },
  max_value: ({ requirement }) => `must be at most ${toText(requirement)}`,
  max_words: ({ requirement }) => `must have at most ${requirement} words`,
  mime_type: { refused: "no JSON value has a media type" },
  min_bytes: ({ requirement }) => `must be at least ${requirement} bytes of UTF-8`,
  min_code_points: ({ requirement }) => toLeast(requirement, "characters"),
  min_entries: { refused: "the entries of an object are not counted" },
  min_graphemes: ({ requirement }) => toLeast(requirement, "characters"),
  min_length: (described) => toLeast(described.requirement, toUnit(described)),
  min_size: { refused: "no JSON value has a size" },
  min_value: ({ requirement }) => `must be at least ${toText(requirement)}`,
  min_words: ({ requirement }) => `must have at least ${requirement} words`,
  multiple_of: ({ requirement }) => `must be a multiple of ${requirement}`,
  nanoid: "must be a Nano ID",
  non_empty: "must not be empty",
  not_bytes: ({ requirement }) => `must not be ${requirement} bytes of UTF-8`,
  not_code_points: ({ requirement }) => `must not have ${requirement} characters`,
  not_entries: { refused: "the entries of an object are not counted" },
  not_graphemes: ({ requirement }) => `must not have ${requirement} characters`,
  not_length: (described) => `must not have ${described.requirement} ${toUnit(described)}`,
  not_size: { refused: "no JSON value has a size" },
  not_value: ({ requirement }) => `must not be ${toText(requirement)}`,
  not_values: ({ requirement }) => `must be none of: ${toList(requirement as readonly unknown[])}`,
  not_words: ({ requirement }) => `must not have ${requirement} words`,
  octal: "must be octal",
  partial_check: "must be valid",
  raw_check: { refused: "it writes messages of its own, which may hold what was sent" },
  regex: "must have the form that is asked for",
  rfc_email: "must be an e-mail address",
  safe_integer: "must be an integer that a double holds exactly",
  size: { refused: "no JSON value has a size" },
  slug: "must be a slug",
  some_item: "must have an item that is valid",
  starts_with: ({ requirement }) => `must start with ${toText(requirement)}`,
  ulid: "must be a ULID",
  url: "must be a URL",
  uuid: "must be a UUID",
  value: ({ requirement }) => `must be ${toText(requirement)}`,
  values: ({ requirement }) => `must be one of: ${toList(requirement as readonly unknown[])}`,
  words: ({ requirement }) => `must have ${requirement} words`,
};

/** By the `type` of valibot's transformations: true where it only adds to the TypeScript type. */
export const transformations: Readonly<Record<string, true | Refused>> = {
  ...Object.fromEntries(
    [
      ...[
        "args",
        "await",
        "filter_items",
        "find_item",
        "guard",
        "map_items",
        "normalize",
        "parse_boolean",
        "parse_json",
      ],
      ...["raw_transform", "reduce_items", "returns", "sort_items", "stringify_json", "to_bigint", "to_boolean"],
      ...["to_camel_case", "to_date", "to_kebab_case", "to_lower_case", "to_max_value", "to_min_value", "to_number"],
      ...[
        "to_pascal_case",
        "to_snake_case",
        "to_string",
        "to_upper_case",
        "transform",
        "trim",
        "trim_end",
        "trim_start",
      ],
    ].map((type) => [type, CHANGES]),
  ),
  brand: true,
  flavor: true,
  readonly: true,
};

/** Words that depend on the value's place or size, not on the kind of its schema. */
export const REQUIRED = "is required";
export const LEAVE_OUT = "must not be null; leave the field out instead";
export const NOT_NULL = "must not be null";
export const OUT_OF_RANGE = "is beyond the range of a double";

/** Says what a kind's row has to say. @returns undefined where there is no row, or the kind is refused */
export function say(words: Words | Refused | undefined, described: Described): string | undefined {
  if (typeof words === "function") return words(described);
  return typeof words === "string" ? words : undefined;
}

/** @returns why a kind cannot be projected; undefined where it can */
export function whyRefused(row: Words | Refused | true | undefined): string | undefined {
  if (row === undefined) return "this kind is not known";
  return typeof row === "object" ? row.refused : undefined;
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
