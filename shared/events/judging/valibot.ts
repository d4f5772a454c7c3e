import type { Broken } from "../words.ts";

/** valibot's run-time objects, as far as we look into them: their own types say less than they hold. */
export interface Item {
  readonly kind: "schema" | "validation" | "transformation" | "metadata";
  readonly type: string;
  readonly async: boolean;
  readonly message?: unknown;
  readonly requirement?: unknown;
  /** What makes such an item. */
  readonly reference?: (...parts: never[]) => Item;
  /** Of a partial check: the places that it looks at. */
  readonly paths?: unknown;
  "~run"(dataset: Dataset, config: object): Dataset;
}

export interface Schema extends Item {
  readonly default?: unknown;
  readonly pipe?: readonly Item[];
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly item?: Schema;
  readonly items?: readonly Schema[];
  readonly rest?: Schema;
  readonly wrapped?: Schema;
  readonly options?: readonly unknown[];
  readonly key?: Schema | string;
  readonly value?: Schema;
  readonly literal?: unknown;
  readonly getter?: (value: unknown) => Schema;
}

/** A value on its way through a schema. */
export interface Dataset {
  value: unknown;
  typed?: boolean;
  issues?: Issue[] | undefined;
}

/** valibot's own message is never read: it repeats the value. */
export interface Issue extends Broken {
  path?: PathItem[] | undefined;
  /** What we say where the words do not follow from the kind. */
  words?: string;
  /** What the schema's author has us say. */
  own?: string;
  /** The schema was made with a look at the value: its words, limits and options may be the value, too. */
  isHidden?: boolean;
}

export interface PathItem {
  readonly key: unknown;
  /** The caller chose this key: the path that an answer shows ends before it, and this is what its words are about. */
  cut?: "an entry" | "a key" | "" | undefined;
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && (value as Item | null)?.kind === "schema";
}

/**
 * Adds an issue of our own to a value's.
 *
 * @param item that was prepared
 */
export function addIssue(dataset: Dataset, { kind, type, message }: Item, more: Partial<Issue> = {}): Dataset {
  const issue = { kind, type, input: dataset.value, ...more };
  if (typeof message === "function") message(issue);
  dataset.issues ??= [];
  dataset.issues.push(issue);
  if (kind !== "validation") dataset.typed = false;
  return dataset;
}

/**
 * Replaces the schemas that stand inside a schema, those of its pipe left aside.
 *
 * @param toPart gets each of them, and the step of a path that leads to it; undefined where it judges the same value
 */
export function mapParts(schema: Schema, toPart: (part: Schema, step?: string) => Schema): Schema {
  const { entries, item, items, rest, wrapped, options, key, value } = schema;
  const mapped = Object.entries(entries ?? {}).map(([name, part]) => [name, toPart(part, name)] as const);
  return {
    ...schema,
    ...(entries && { entries: Object.fromEntries(mapped) }),
    ...(item && { item: toPart(item, "*") }),
    ...(items && { items: items.map((part, i) => toPart(part, String(i))) }),
    ...(rest && { rest: toPart(rest, "*") }),
    ...(wrapped && { wrapped: toPart(wrapped) }),
    ...(options?.every(isSchema) && { options: options.map((option) => toPart(option)) }),
    ...(isSchema(key) && { key: toPart(key, "(keys)") }),
    ...(isSchema(value) && { value: toPart(value, "*") }),
  };
}
