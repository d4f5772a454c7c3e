import * as v from "valibot";
import { type JsonSchema, rulesOf, toJsonSchema } from "../build/schemas/json-schema.ts";
import { join } from "./change.ts";
import type { TypeContract } from "./contract.ts";
import { type Drawing, drawValues } from "./draw-values.ts";
import { readLiterals, toEssence } from "./keywords.ts";

/** A value that one contract takes and the other does not. */
export interface Witness {
  readonly path: string;
  /**
   * `backward`: yesterday's contract takes it and today's refuses it; `marked`: today's reports it; `forward`: only today's
   * takes it.
   */
  readonly side: "backward" | "forward" | "marked";
  readonly reason: string;
}

type Live = Required<TypeContract>;

/**
 * Runs values that are drawn from both contracts on both: this sees rules that no schema shows.
 *
 * @returns the first value for each path and side; none where one contract is known by its picture alone
 */
export function runBoth(before: TypeContract, after: TypeContract): Witness[] {
  if (!before.event || !after.event) return [];
  const [a, b] = [before as Live, after as Live];
  const mentioned = [...new Set([a, b].flatMap(({ picture }) => listMentioned(picture.published)))].slice(0, 100);
  const found = [
    ...tryAll("", [a.event.schema, b.event.schema], ["backward", "forward"], () =>
      [a, b].flatMap((from) => drawEnvelopes(from, mentioned)),
    ),
    ...tryAll("payload", [toPayload(a), toPayload(b)], toSides(a, b), () =>
      [a, b].flatMap((from) => drawPayloads(from, mentioned)),
    ),
  ];
  const first = new Map(found.toReversed().map((witness) => [`${witness.side} ${witness.path}`, witness]));
  return [...first.values()];
}

function toSides({ picture: before }: Live, { picture: after }: Live): Witness["side"][] {
  if (after.payload === "report") return ["marked", "forward"];
  return before.payload === "enforce" && after.payload === "enforce" ? ["backward", "forward"] : ["forward"];
}

/** Of a type whose payload is free, any object. */
function toPayload({ event }: Live): v.GenericSchema {
  return event.payload ?? v.looseObject({});
}

function drawEnvelopes({ picture, event }: Live, mentioned: Drawing["mentioned"]): object[] {
  const root = picture.published;
  const { payload: _, event_type: _type, ...fields } = root.properties as Record<string, JsonSchema>;
  const complete = { event_id: "evt_1", timestamp: "2026-01-31T12:00:00Z", ...event.sample };
  const schema = { type: "object", properties: fields, required: root.required };
  const { event_type, payload } = complete as Record<string, unknown>;
  return drawValues({ root, mentioned }, schema, complete).map((value) => ({
    event_type,
    payload,
    ...(value as object),
  }));
}

function drawPayloads({ picture, event }: Live, mentioned: Drawing["mentioned"]): unknown[] {
  const root = picture.published;
  const { payload } = root.properties as Record<string, JsonSchema>;
  return event.payload ? drawValues({ root, mentioned }, payload, event.sample.payload) : [event.sample.payload];
}

/** Tries values on two schemas; nothing is drawn where these are the same in all that can be seen. */
function tryAll(
  path: string,
  [before, after]: readonly [v.GenericSchema, v.GenericSchema],
  sides: readonly Witness["side"][],
  draw: () => readonly unknown[],
): Witness[] {
  const [a, b] = [toJsonSchema(before), toJsonSchema(after)];
  // The essence of a schema that contains itself is not all of it.
  if (toEssence(a) === toEssence(b) && !a.$defs && !b.$defs) return [];
  return draw().flatMap((value) => {
    const [old, next] = [run(before, value), run(after, value)];
    if ((old.length === 0) === (next.length === 0)) return [];
    return sides
      .filter((side) => (side === "forward" ? next : old).length === 0)
      .flatMap((side) =>
        [...old, ...next].map((issue) => ({ path: toPath(path, issue), side, reason: toReason(issue, side, value) })),
      );
  });
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

function toReason(issue: v.BaseIssue<unknown>, side: Witness["side"], value: unknown): string {
  if (side === "marked")
    return `events would carry payload_faults, such as with the payload ${cut(JSON.stringify(value), 200)}`;
  const rule = cut(issue.message, 100);
  return side === "backward"
    ? `a value that was accepted is refused now (${rule})`
    : `a value that a consumer of yesterday never got is published now (${rule})`;
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** What those rules of a schema mention, at any depth, whose keywords do not say it, or say what is not taken. */
function listMentioned(schema: unknown): (string | number)[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = rulesOf(schema as JsonSchema).filter(
    ({ said, item }) => said === "nothing" || item.type.startsWith("not_"),
  );
  return [...own.flatMap(readLiterals), ...Object.values(schema).flatMap(listMentioned)];
}
