import type * as v from "valibot";

/** valibot's run-time objects, as far as the compiler looks into them: their own types say less than they hold. */
export interface Item {
  readonly kind: "schema" | "validation" | "transformation" | "metadata";
  readonly type: string;
  readonly async: boolean;
  readonly message?: unknown;
  readonly requirement?: unknown;
}

export interface Schema extends Item {
  readonly default?: unknown;
  readonly fallback?: unknown;
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
  readonly check?: unknown;
}

/** What a schema leaves behind of a value. */
export interface Dataset {
  value: unknown;
  typed: boolean;
  issues?: [Issue, ...Issue[]] | undefined;
}

export interface Issue {
  readonly kind: string;
  readonly type: string;
  readonly input: unknown;
  readonly message: string;
  readonly requirement?: unknown;
  /** What valibot says that the schema wants. */
  readonly expected?: string | null;
  /** What we say where the words do not follow from the kind. */
  words?: string;
  /** Where in an entry of a record it is: whether in an entry or a key, and the path from there. */
  inside?: readonly (string | number)[];
  path?: PathItem[] | undefined;
}

interface PathItem {
  readonly type: "object" | "array";
  readonly origin: "value";
  readonly input: unknown;
  readonly key: string | number;
  readonly value: unknown;
}

/** A schema that judges projected values: valibot runs it like its own. */
export interface Judge {
  readonly type: string;
  readonly entries?: unknown;
  "~run"(dataset: Dataset, config: Config): Dataset;
}

export type Config = v.Config<v.BaseIssue<unknown>>;

/** Whether an object may be without a member of this schema. */
export function isOptional({ type }: { readonly type: string }): boolean {
  return type === "optional" || type === "exact_optional" || type === "nullish";
}

/** Runs a judge on a value. */
export function run(judge: Judge, value: unknown, config: Config): Dataset {
  return judge["~run"]({ value, typed: false, issues: undefined }, config);
}

/** Adds an issue of our own. */
export function addIssue(dataset: Dataset, issue: Omit<Issue, "input" | "message">): void {
  const added: Issue = { input: dataset.value, message: "", ...issue };
  if (dataset.issues) dataset.issues.push(added);
  else dataset.issues = [added];
}

/** Takes over the issues of a part of a value. */
export function adoptIssues(dataset: Dataset, issues: NonNullable<Dataset["issues"]>, item: PathItem): void {
  for (const issue of issues) {
    if (issue.path) issue.path.unshift(item);
    else issue.path = [item];
  }
  if (dataset.issues) dataset.issues.push(...issues);
  else dataset.issues = issues;
}
