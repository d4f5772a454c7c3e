import * as v from "valibot";
import type { Domain } from "../../shared/events/domain.ts";
import { type Item, isSchema, mapParts, type Schema } from "../../shared/events/judging/valibot.ts";

// Which schemas a payload may have: those that judge what was sent, leave it as it is, and can be published as they judge.

/** Kinds of schemas that no JSON value can be. */
const NOT_JSON = new Set(
  "bigint blob date file function instance map nan promise set symbol undefined undefinedable void".split(" "),
);
const KNOWN = new Set(
  [
    "any array boolean custom enum exact_optional intersect lazy literal loose_object loose_tuple never non_nullable",
    "non_nullish non_optional null nullable nullish number object object_with_rest optional picklist record strict_object",
    "strict_tuple string tuple tuple_with_rest union unknown variant",
  ].flatMap((kinds) => kinds.split(" ")),
);

/** Transformations that leave the value as it is. */
const HARMLESS = new Set(["brand", "flavor", "guard", "readonly"]);

const ARRAYS = new Set(["array", "loose_tuple", "strict_tuple", "tuple", "tuple_with_rest"]);
const OBJECTS = new Set(["loose_object", "object", "object_with_rest", "record", "strict_object", "variant"]);

/** Validations whose requirement is how many there are. */
const COUNTS = /^(?:(?:max|min|not)_)?(?:bytes|code_points|entries|graphemes|length|words)$/;

const CHANGES = "it changes what was sent, which is published as it came";

/** Schemas around a schema that hide what it does, by the code that they have in common. */
const wrappers = new Map([
  [String(v.config(v.any(), {})["~run"]), "v.config"],
  [String(v.message(v.any(), "")["~run"]), "v.message"],
  [String(v.cache(v.any())["~run"]), "v.cache"],
]);

/** How many schemas that `lazy` makes anew each time are looked into. */
const MAX_LAZY = 8;

/**
 * Lists what no payload's schema may have.
 *
 * @returns lines that name the event type, the path, and what is wrong there
 */
export function listUnsupported(domains: Readonly<Record<string, Domain>>): string[] {
  return Object.values(domains)
    .flatMap((domain) => Object.values(domain.events))
    .flatMap(({ type, payload }) => {
      const lines = new Set<string>();
      const refuse = (path: string, reason: string) => lines.add(`${type}: ${path}: ${reason}.`);
      if (payload) visit(payload as unknown as Schema, "payload", { refuse, seen: new Set(), around: [], lazy: 0 });
      return [...lines];
    });
}

interface Walk {
  readonly refuse: (path: string, reason: string) => void;
  readonly seen: Set<Schema>;
  /** What judges the same value around it. */
  readonly around: readonly Schema[];
  readonly lazy: number;
}

function visit(schema: Schema, path: string, outer: Walk): void {
  const { seen, refuse } = outer;
  if (!isSchema(schema)) {
    refuse(path, "there is no schema of valibot");
    return;
  }
  if (outer.around.includes(schema)) refuse(path, `${toName(schema.type)} contains itself, and never comes to an end`);
  if (seen.has(schema)) return;
  seen.add(schema);
  const walk = { ...outer, around: [...outer.around, schema] };
  const wrapper = wrappers.get(String(schema["~run"]));
  if (wrapper) refuse(path, `${wrapper} hides its schema; leave it out`);
  // One that is undefined takes everything, too.
  if ("fallback" in schema) refuse(path, `${toName(schema.type)} has a fallback, which would change what was sent`);
  if (schema.pipe) {
    visitPipe(schema.pipe, path, walk);
    return;
  }
  for (const reason of listReasons(schema)) refuse(path, `${toName(schema.type)} ${reason}`);
  if (schema.type === "lazy") visitLazy(schema, path, walk);
  if (schema.type === "intersect") visitIntersect(schema, path, walk);
  if (!KNOWN.has(schema.type)) return;
  mapParts(schema, (part, step) => {
    if (step === undefined) visit(part, path, walk);
    else visit(part, `${path}.${step}`, { ...walk, around: [] });
    return part;
  });
}

/** valibot cannot merge what is left of one array, where a tuple has cut it. */
function visitIntersect({ options = [] }: Schema, path: string, { refuse }: Walk): void {
  const schemas = options.filter(isSchema);
  const cuts = schemas.flatMap((schema) =>
    schemas.flatMap((other) => (other === schema ? [] : listCuts(schema, other))),
  );
  if (cuts.some(([kind]) => kind === "v.tuple")) {
    refuse(path, "v.tuple beside another array in v.intersect takes items away; use v.looseTuple");
  }
}

function visitLazy({ getter }: Schema, path: string, walk: Walk): void {
  if (walk.lazy === MAX_LAZY) return;
  let made: unknown;
  try {
    made = getter?.(undefined);
  } catch {
    // It wants the value: what it makes of one is judged, and not published.
    return;
  }
  if (isSchema(made)) visit(made, path, { ...walk, lazy: walk.lazy + 1 });
}

function* listReasons(schema: Schema): Generator<string> {
  const { type, async, default: initial, literal, options, entries } = schema;
  if (NOT_JSON.has(type)) yield "is no JSON value";
  else if (!KNOWN.has(type)) yield "is not known here";
  if (async) yield "is asynchronous";
  if (initial !== undefined) yield "has a default, which would change what was sent";
  const values = type === "literal" ? [literal] : type === "picklist" || type === "enum" ? (options ?? []) : [];
  if (!values.every(isJsonValue)) yield "has a value that is not JSON";
  for (const name of Object.keys(entries ?? {})) {
    if (/\s/.test(name)) yield `has the member ${JSON.stringify(name)}: paths are joined by spaces`;
  }
}

function isJsonValue(value: unknown): boolean {
  return value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value);
}

function visitPipe(items: readonly Item[], path: string, walk: Walk): void {
  const schemas = items.filter(isSchema);
  for (const schema of schemas) visit(schema, path, walk);
  for (const [i, schema] of schemas.slice(0, -1).entries()) {
    for (const [kind, instead] of schemas.slice(i + 1).flatMap((next) => listCuts(schema, next))) {
      walk.refuse(path, `${kind} before another schema takes away what that one looks at; use ${instead}`);
    }
  }
  const isText = !schemas.some(({ type }) => ARRAYS.has(type));
  for (const item of items) {
    if (item.kind === "metadata" || item.kind === "schema") continue;
    for (const reason of listActionReasons(item, isText)) walk.refuse(path, `${toName(item.type)}${reason}`);
  }
}

function* listActionReasons({ kind, type, async, requirement }: Item, isText: boolean): Generator<string> {
  if (async) yield " is asynchronous";
  else if (kind === "transformation" && !HARMLESS.has(type)) yield `: ${CHANGES}`;
  if (requirement instanceof RegExp && (requirement.global || requirement.sticky)) {
    yield " has a global or sticky pattern, which remembers where it was; leave its flags g and y out";
  }
  if (
    /values?$/.test(type) &&
    ![requirement].flat().every((value) => isJsonValue(value) || typeof value === "function")
  ) {
    yield " needs a value that JSON has, and a number that is finite";
  } else if (typeof requirement === "number" && !Number.isFinite(requirement)) yield " needs a finite number";
  else if (COUNTS.test(type) && !(Number.isInteger(requirement) && (requirement as number) >= 0)) {
    yield " needs a whole number of 0 or more";
  }
  if (type === "multiple_of" && requirement === 0) yield " of 0 takes nothing";
  if (type === "multiple_of" && !Number.isInteger(requirement)) {
    yield " of a fraction would refuse 89.99 as a multiple of 0.01: doubles do not hold it";
  }
  const isLength = type === "max_length" || type === "length" || (type === "min_length" && (requirement as number) > 1);
  if (isLength && isText) {
    const instead = toName(type.replace("length", "code_points"));
    yield ` counts an emoji twice, and JSON Schema does not; use ${instead}`;
  }
}

/** What of a schema takes away that the next one in its pipe looks at, and what does not. */
function listCuts(first: Schema, next: Schema): readonly (readonly [kind: string, instead: string])[] {
  if (OBJECTS.has(next.type) && first.type === "object") return [["v.object", "v.looseObject"]];
  if (ARRAYS.has(next.type) && first.type === "tuple") return [["v.tuple", "v.looseTuple"]];
  const inside = ({ wrapped, options = [], pipe = [] }: Schema) =>
    [wrapped, ...options, ...pipe.slice(1)].filter(isSchema);
  return [
    ...inside(first).flatMap((part) => listCuts(part, next)),
    ...inside(next).flatMap((part) => listCuts(first, part)),
    ...Object.entries(first.entries ?? {}).flatMap(([name, part]) => {
      const other = next.entries && Object.hasOwn(next.entries, name) ? next.entries[name] : (next.rest ?? next.value);
      return listCutsOf(part, other);
    }),
    ...(first.items ?? []).flatMap((part, i) => listCutsOf(part, next.items?.[i] ?? toEach(next))),
    ...listCutsOf(toEach(first), toEach(next)),
  ];
}

function listCutsOf(first: Schema | undefined, next: Schema | undefined): ReturnType<typeof listCuts> {
  return first && next ? listCuts(first, next) : [];
}

function toEach({ item, rest, value }: Schema): Schema | undefined {
  return item ?? rest ?? value;
}

/** `loose_object` is `v.looseObject` to those who write it. */
function toName(type: string): string {
  return `v.${type.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())}`;
}
