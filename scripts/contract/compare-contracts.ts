import { type JsonSchema, toCanonicalJson } from "../build/schemas/json-schema.ts";
import type { Picture } from "../build/schemas/picture.ts";
import { type Change, isWithin, listUnknown } from "./change.ts";
import type { RuleChange } from "./compare-rules.ts";
import { compareSchemas } from "./compare-schemas.ts";
import type { Contract, TypeContract } from "./contract.ts";
import { runBoth, type Witness } from "./run-both.ts";

/** A change of one event type. */
export interface TypeChange extends Change {
  readonly eventType: string;
  /** Whom to tell about the type, where its registry says. */
  readonly owner?: string | undefined;
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
    return changes.map((change) => ({ eventType, owner: (next ?? contract).event?.owner, ...change }));
  });
  const added = [...after]
    .filter(([eventType]) => !before.has(eventType))
    .flatMap(([eventType, { picture, event }]) =>
      [{ path: "", text: "type added" }, ...listUnknown(picture.published, "")].map((change) => ({
        eventType,
        owner: event?.owner,
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
      published.map((change) => toConsumers(change, b.payload)),
      attributes.map(({ backward: _, notice: _notice, ...change }) => change),
    ),
  ];
  const witnesses = runBoth(before, after).filter(({ side }) => !(isNewlyEnforced && side === "backward"));
  return withExamples(byKeyword, witnesses, a.published.$defs !== undefined, b.payload);
}

/** What is narrowed in report mode refuses nothing: it marks. */
function toConsumers({ backward, notice, ...change }: Change, mode: Picture["payload"]): Change {
  const isReported = mode === "report" && isWithin(change.path, "payload");
  return {
    ...change,
    ...(backward && isReported ? { marked: "" } : {}),
    ...(notice ? { notice: `${notice} would be ${isReported ? "marked" : "refused"}` } : {}),
  };
}

function withPayloadOf(schema: JsonSchema, other: JsonSchema): JsonSchema {
  const { payload } = other.properties as Record<string, JsonSchema>;
  return { ...schema, properties: { ...(schema.properties as object), payload } };
}

/** One entry a path and text, with what each of the views says of it. */
function merge(...views: readonly (readonly Change[])[]): Change[] {
  const merged = new Map<string, Change>();
  for (const change of views.flat()) {
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
  return [b.payload === "report" ? { ...change, marked: "" } : change];
}

/** Adds what the values show, where the keywords have not said it, and an example for what they have. */
function withExamples(
  changes: readonly Change[],
  witnesses: readonly Witness[],
  isRecursive: boolean,
  mode: Picture["payload"],
): Change[] {
  // A schema that contains itself is compared once, and values break it at every depth.
  const tells = (change: Change, { side, path }: Witness) =>
    change[side] !== undefined && (isRecursive || isNear(change.path, path));
  const untold = witnesses.filter((witness) => !changes.some((change) => tells(change, witness)));
  const byRule = changes.map((change) => ("differs" in change ? toJudged(change as RuleChange, untold, mode) : change));
  const left = untold.filter((witness) => !byRule.some((change) => tells(change, witness)));
  return [
    ...byRule.map((change) => withMarked(change, witnesses)),
    ...left.map(({ path, side, reason }) => ({ path, text: "schema changed", [side]: reason })),
  ];
}

const UNSEEN = "no value that was tried shows what that changes";

/** A value that shows one side proves nothing of the other, unless values were drawn around all that is different. */
function toJudged({ differs, ...rule }: RuleChange, untold: readonly Witness[], mode: Picture["payload"]): Change {
  const seen = untold.filter(({ path }) => isNear(path, rule.path));
  if (seen.length === 0) return differs === "in words" ? rule : { ...rule, unknown: UNSEEN };
  const judged = { ...rule, ...Object.fromEntries(seen.map(({ side, reason }) => [side, reason])) };
  const isReported = mode === "report" && isWithin(rule.path, "payload");
  const isWhole = judged.forward !== undefined && (isReported || judged.backward !== undefined);
  return differs === "in code" && !isWhole ? { ...judged, unknown: `${UNSEEN} besides` } : judged;
}

function withMarked(change: Change, witnesses: readonly Witness[]): Change {
  if (change.marked === undefined) return change;
  const near = witnesses.filter(({ side, path }) => side === "marked" && isNear(path, change.path));
  const example = near.find(({ path }) => path === change.path) ?? near[0];
  return { ...change, marked: example?.reason ?? "events that kept to yesterday's schema would carry payload_faults" };
}

function isNear(a: string, b: string): boolean {
  return isWithin(a, b) || isWithin(b, a);
}
