/** What of a JSON value becomes values: all that any of the schemas at its place asks of it. */
export interface Plan {
  /**
   * How many characters of a string matter, 0 for none, Infinity for all, and whether they matter themselves or only their
   * number does.
   */
  readonly text: number;
  readonly isRead: boolean;
  /** Whether a number's value matters. */
  readonly isNumber: boolean;
  /** Members of an object by name, in the schema's order; undefined where no object is asked for. */
  readonly members: ReadonlyMap<string, Plan> | undefined;
  /** Whether the object's bytes are walked again, one entry at a time. */
  readonly isRecord: boolean;
  /** Undefined where no array is asked for. */
  readonly items: ItemsPlan | undefined;
}

/** What of an array becomes values. */
interface ItemsPlan {
  /** How many items become values; the rest is counted. */
  readonly limit: number;
  /** Of the items that have a schema of their own. */
  readonly first: readonly Plan[];
  /** Of all others. */
  readonly rest: Plan;
}

/** Only the JSON type of a value matters. */
export const NOTHING: Plan = {
  text: 0,
  isRead: false,
  isNumber: false,
  members: undefined,
  isRecord: false,
  items: undefined,
};

/** A string that checks read, without a limit of its own. */
export const ANY_TEXT: Plan = { ...NOTHING, text: Number.POSITIVE_INFINITY, isRead: true };

/** Any object; of its members none. */
export const FREE_OBJECT: Plan = { ...NOTHING, members: new Map() };

/** @returns the plan for a value that two schemas look at */
export function merge(a: Plan, b: Plan): Plan {
  if (a === NOTHING || a === b) return b;
  if (b === NOTHING) return a;
  return {
    text: Math.max(a.text, b.text),
    isRead: a.isRead || b.isRead,
    isNumber: a.isNumber || b.isNumber,
    members: mergeMembers(a.members, b.members),
    isRecord: a.isRecord || b.isRecord,
    items: mergeItems(a.items, b.items),
  };
}

function mergeMembers(a: Plan["members"], b: Plan["members"]): Plan["members"] {
  if (!a || !b) return a ?? b;
  const merged = new Map(a);
  for (const [name, plan] of b) merged.set(name, merge(merged.get(name) ?? NOTHING, plan));
  return merged;
}

function mergeItems(a: ItemsPlan | undefined, b: ItemsPlan | undefined): ItemsPlan | undefined {
  if (!a || !b) return a ?? b;
  const longer = a.first.length > b.first.length ? a.first : b.first;
  return {
    limit: Math.max(a.limit, b.limit),
    first: longer.map((_, i) => merge(a.first[i] ?? a.rest, b.first[i] ?? b.rest)),
    rest: merge(a.rest, b.rest),
  };
}
