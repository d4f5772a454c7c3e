import * as v from "valibot";
import { type JsonSchema, rulesOf } from "../build/schemas/json-schema.ts";
import { isWithin, join } from "./change.ts";
import type { TypeContract } from "./contract.ts";
import { type Drawing, drawValues } from "./draw-values.ts";

/** A value that one contract takes and the other does not. */
export interface Witness {
  readonly path: string;
  /** `backward`: yesterday's contract takes it and today's does not; `forward`: the other way round. */
  readonly side: "backward" | "forward";
  readonly reason: string;
  /** Whether there is a rule that no keyword says, so that only values can tell. */
  readonly isRule: boolean;
}

type Live = Required<TypeContract>;

/**
 * Runs values that are drawn from each contract on both: this sees rules that no schema shows.
 *
 * @returns the first value for each path and side; none where one contract is known by its picture alone
 */
export function runBoth(before: TypeContract, after: TypeContract): Witness[] {
  if (!before.event || !after.event) return [];
  const [a, b] = [before as Live, after as Live];
  const rules = [...listRules(a.picture.published, ""), ...listRules(b.picture.published, "")];
  const mentioned = [...new Set(rules.flatMap(({ said }) => said))].slice(0, 60);
  const isEnforced = a.picture.payload === "enforce" && b.picture.payload === "enforce";
  const found = [
    ...runEnvelopes(a, b, mentioned, "backward"),
    ...runEnvelopes(b, a, mentioned, "forward"),
    ...(isEnforced ? runPayloads(a, b, mentioned, "backward") : []),
    ...runPayloads(b, a, mentioned, "forward"),
  ];
  const first = new Map(found.toReversed().map((witness) => [`${witness.side} ${witness.path}`, witness]));
  return [...first.values()].map((witness) => ({
    ...witness,
    // It stands at the path of the value that it refuses, or above.
    isRule: rules.some(({ path }) => isWithin(witness.path, path)),
  }));
}

type Found = Omit<Witness, "isRule">;

function runEnvelopes(from: Live, to: Live, mentioned: Drawing["mentioned"], side: Witness["side"]): Found[] {
  const root = from.picture[side === "backward" ? "accepted" : "published"];
  const { payload, event_type: _, ...fields } = root.properties as Record<string, JsonSchema>;
  const complete = { event_id: "evt_1", timestamp: "2026-01-31T12:00:00Z", ...from.event.sample };
  const schema = { type: "object", properties: fields, required: root.required };
  const values = drawValues({ root, mentioned }, schema, complete);
  const { event_type, payload: own } = complete as Record<string, unknown>;
  return values.flatMap((value) =>
    judge(from.event.schema, to.event.schema, { event_type, payload: own, ...(value as object) }, "", side),
  );
}

function runPayloads(from: Live, to: Live, mentioned: Drawing["mentioned"], side: Witness["side"]): Found[] {
  if (!from.event.payload || !to.event.payload) return [];
  const root = from.picture.published;
  const { payload } = root.properties as Record<string, JsonSchema>;
  const [one, other] = [from.event.payload, to.event.payload];
  const values = drawValues({ root, mentioned }, payload, from.event.sample.payload);
  return values.flatMap((value) => judge(one, other, value, "payload", side));
}

function judge(
  from: v.GenericSchema,
  to: v.GenericSchema,
  value: unknown,
  path: string,
  side: Witness["side"],
): Found[] {
  if (run(from, value).length > 0) return [];
  return run(to, value).map((issue) => ({ path: toPath(path, issue), side, reason: toReason(issue, side) }));
}

function run(schema: v.GenericSchema, value: unknown): readonly v.BaseIssue<unknown>[] {
  try {
    return v.safeParse(schema, value).issues ?? [];
  } catch (error) {
    // A check that throws takes nothing.
    return [{ message: (error as Error).message } as v.BaseIssue<unknown>];
  }
}

function toPath(path: string, issue: v.BaseIssue<unknown>): string {
  return (issue.path ?? []).reduce((at, { key }) => join(at, typeof key === "number" ? "*" : String(key)), path);
}

function toReason(issue: v.BaseIssue<unknown>, side: Witness["side"]): string {
  const rule = issue.message.length > 100 ? `${issue.message.slice(0, 100)}…` : issue.message;
  return side === "backward"
    ? `a value that was accepted is refused now (${rule})`
    : `a value that a consumer of yesterday never got is published now (${rule})`;
}

interface Mentioning {
  readonly path: string;
  /** Numbers and texts in the rule's sentence and code. */
  readonly said: readonly (string | number)[];
}

function listRules(schema: unknown, path: string): Mentioning[] {
  if (typeof schema !== "object" || schema === null) return [];
  const node = schema as JsonSchema;
  const nested = [node.anyOf, node.oneOf, node.allOf, node.prefixItems, Object.values((node.$defs ?? {}) as object)];
  return [
    ...rulesOf(node).map(({ text, source }) => ({ path, said: readLiterals(`${text} ${source}`) })),
    ...Object.entries((node.properties ?? {}) as object).flatMap(([name, member]) =>
      listRules(member, join(path, name)),
    ),
    ...[node.items, node.additionalProperties].flatMap((member) => listRules(member, join(path, "*"))),
    ...nested.flatMap((members) => ((members ?? []) as unknown[]).flatMap((member) => listRules(member, path))),
  ];
}

function readLiterals(text: string): (string | number)[] {
  const texts = [...text.matchAll(/"([^"\\]{1,60})"|'([^'\\]{1,60})'|`([^`\\$]{1,60})`/g)];
  const numbers = [...text.matchAll(/(?<![\w.])\d[\d_]*(?:\.\d+)?(?:e\d+)?(?![\w.])/g)];
  return [
    ...texts.map(([, double, single, template]) => double ?? single ?? template ?? ""),
    ...numbers.map(([digits]) => Number(digits.replaceAll("_", ""))),
  ];
}
