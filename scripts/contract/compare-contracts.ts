import { toCanonicalJson } from "../build/schemas/canonical-json.ts";
import type { JsonSchema } from "../build/schemas/json-schema.ts";
import type { Picture } from "../build/schemas/picture.ts";
import { type Change, isWithin } from "./change.ts";
import type { RuleChange } from "./compare-rules.ts";
import { compareSchemas } from "./compare-schemas.ts";
import { listUnknown } from "./comparison.ts";
import type { Contract, TypeContract } from "./contract.ts";
import { runBoth, type Witness } from "./run-both.ts";

/** A change of one event type. */
export interface TypeChange extends Change {
  readonly eventType: string;
}

/**
 * Compares two contracts: by their schemas' keywords, and by values that both are run on.
 *
 * BACKWARD (what was accepted is still accepted) is asked of what callers are held to: the envelope, and a payload that is
 * enforced. FORWARD (a consumer of yesterday still reads) is asked of everything that is published.
 *
 * @returns every change, in the order of the event types of before, then those that are new
 */
export function compareContracts(before: Contract, after: Contract): TypeChange[] {
  const renamed = findRenamed(before, after);
  const old = [...before].flatMap(([eventType, contract]) => {
    const next = after.get(eventType);
    const changes = next ? compareType(contract, next) : toGone(renamed.get(eventType));
    return changes.map((change) => ({ eventType, ...change }));
  });
  const added = [...after]
    .filter(([eventType]) => !before.has(eventType))
    .flatMap(([eventType, { picture }]) =>
      [{ path: "", text: "type added" }, ...listUnknown(picture.published, "")].map((change) => ({
        eventType,
        ...change,
      })),
    );
  return [...old, ...added];
}

function toGone(newName: string | undefined): Change[] {
  const text = newName ? `renamed to ${newName}` : "type removed";
  return [
    {
      path: "",
      text,
      backward: "events accepted today would be refused",
      forward: "its messages no longer arrive",
    },
  ];
}

/** The types that are gone, by name, with the new one that is the same but for its name. */
function findRenamed(before: Contract, after: Contract): Map<string, string> {
  const toBody = ({ picture }: TypeContract) => {
    const { event_type: _, ...properties } = picture.published.properties as Record<string, JsonSchema>;
    return toCanonicalJson([picture.function, picture.topic, picture.payload, properties]);
  };
  const news = [...after].filter(([eventType]) => !before.has(eventType));
  return new Map(
    [...before]
      .filter(([eventType]) => !after.has(eventType))
      .flatMap(([eventType, contract]) => {
        const found = news.find(([, candidate]) => toBody(candidate) === toBody(contract));
        return found ? [[eventType, found[0]] as const] : [];
      }),
  );
}

function compareType(before: TypeContract, after: TypeContract): Change[] {
  // A picture that was read from a file has lost the rules that no keyword says: the other is to have none either.
  const isLive = before.event && after.event;
  const [a, b] = isLive ? [before.picture, after.picture] : structuredClone([before.picture, after.picture]);
  const isNewlyEnforced = a.payload !== "enforce" && b.payload === "enforce";
  const accepted = compareSchemas(a.accepted, isNewlyEnforced ? withPayloadOf(b.accepted, a.accepted) : b.accepted);
  const published = compareSchemas(a.published, b.published);
  const attributes = compareSchemas(a.attributes, b.attributes, "attributes");
  const byKeyword = [
    ...compareAddress(a, b),
    ...compareMode(a, b),
    ...merge(
      accepted.map(({ forward: _, ...change }) => change),
      [...published, ...attributes].map(({ backward: _, ...change }) => change),
    ),
  ];
  const witnesses = runBoth(before, after).filter(({ side }) => !(isNewlyEnforced && side === "backward"));
  return judgeRules(byKeyword, witnesses, a.published.$defs !== undefined);
}

function withPayloadOf(schema: JsonSchema, other: JsonSchema): JsonSchema {
  const { payload } = other.properties as Record<string, JsonSchema>;
  return { ...schema, properties: { ...(schema.properties as object), payload } };
}

/** One entry a path and text, with what each of the two views says of it. */
function merge(accepted: readonly Change[], published: readonly Change[]): Change[] {
  const merged = new Map<string, Change>();
  for (const change of [...accepted, ...published]) {
    const key = `${change.path} ${change.text}`;
    merged.set(key, { ...merged.get(key), ...change });
  }
  return [...merged.values()];
}

function compareAddress(a: Picture, b: Picture): Change[] {
  const changes: Change[] = [];
  if (a.function !== b.function) {
    const text = `moved from ${a.function} to ${b.function}`;
    changes.push({ path: "function", text, backward: "events sent to the old function would be refused" });
  }
  if (a.topic !== b.topic) {
    const text = `moved from ${a.topic} to ${b.topic}`;
    changes.push({ path: "topic", text, forward: "subscriptions of the old topic no longer get it" });
  }
  if (a.ordering_key !== b.ordering_key) {
    const text = `changed from ${a.ordering_key} to ${b.ordering_key}`;
    changes.push({ path: "ordering_key", text, forward: "a consumer of yesterday counts on the old order" });
  }
  return changes;
}

function compareMode(a: Picture, b: Picture): Change[] {
  if (a.payload === b.payload) return [];
  const change = { path: "payload", text: `${a.payload} → ${b.payload}` };
  if (b.payload === "enforce") return [{ ...change, backward: "payloads that break the schema were accepted" }];
  if (a.payload === "enforce") return [{ ...change, forward: "payloads that break the schema will arrive" }];
  return [change];
}

/** Adds what the values show, where the keywords have not said it: rules that no keyword says. */
function judgeRules(changes: readonly Change[], witnesses: readonly Witness[], isRecursive: boolean): Change[] {
  // A schema that contains itself is compared once, and values break it at every depth.
  const tells = (change: Change, { side, path }: Witness) =>
    change[side] !== undefined && (isRecursive || isNear(change.path, path));
  const untold = witnesses.filter((witness) => !changes.some((change) => tells(change, witness)));
  const byRule = changes.map((change) => {
    if (!("isLikelyTheSame" in change)) return change;
    const { isLikelyTheSame, ...rule } = change as RuleChange;
    const seen = untold.filter(({ path }) => isNear(path, change.path));
    if (seen.length === 0) return isLikelyTheSame ? rule : { ...rule, isUnknown: true };
    return { ...rule, ...Object.fromEntries(seen.map(({ side, reason }) => [side, reason])) };
  });
  const left = untold.filter((witness) => !byRule.some((change) => tells(change, witness)));
  return [...byRule, ...left.map(({ path, side, reason, isRule }) => toChange(path, side, reason, isRule))];
}

function toChange(path: string, side: Witness["side"], reason: string, isRule: boolean): Change {
  if (isRule) return { path, text: "rule changed", [side]: reason };
  return {
    path,
    text: `the schemas are the same to this command, and yet ${reason}: an error of the command`,
    isUnknown: true,
  };
}

function isNear(a: string, b: string): boolean {
  return isWithin(a, b) || isWithin(b, a);
}
