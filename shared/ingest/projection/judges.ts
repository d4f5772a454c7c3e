import { LEAVE_OUT, REQUIRED } from "../../events/words.ts";
import { LastEntries } from "./last-entries.ts";
import type { MemberRoutes, Projector, Route } from "./project.ts";
import { asProjected, createView, type Projected } from "./projected.ts";
import {
  addIssue,
  adoptIssues,
  type Config,
  type Dataset,
  type Issue,
  type Item,
  isOptional,
  type Judge,
  run,
  type Schema,
} from "./schema.ts";

// What judges objects, arrays and records that were projected. valibot's own would take an array for an object, copy what
// they judge, and want a record's entries all at once.

interface Entry {
  readonly name: string;
  readonly judge: Judge;
  readonly isOptional: boolean;
}

/**
 * Judges an object by its named members.
 *
 * @param isSeen whether checks read what is inside: only then is the object made that they see
 * @param rest judges the entries that are not named; undefined where these are free
 */
export function toObjectJudge(
  schema: Schema,
  members: readonly (readonly [string, Judge])[],
  isSeen: boolean,
  rest?: RestJudge,
): Judge {
  const entries = members.map(([name, judge]): Entry => ({ name, judge, isOptional: isOptional(judge) }));
  let shape: Projected["shape"] | undefined;
  let places: readonly number[] = [];
  return {
    ...schema,
    // Read by v.variant.
    entries: Object.fromEntries(members),
    "~run"(dataset, config) {
      const input = asProjected(dataset.value);
      if (!input) return notTyped(schema, dataset);
      if (input.shape !== shape) {
        // Where several schemas look at one object, it has members of theirs as well.
        shape = input.shape;
        places = entries.map(({ name }) => input.shape.names.indexOf(name));
      }
      const view = isSeen ? createView(input) : undefined;
      dataset.typed = true;
      for (let i = 0; i < entries.length; i++) {
        const { name, judge, isOptional } = entries[i] as Entry;
        const value = input.values[places[i] as number];
        if (value === undefined) {
          if (!isOptional) addMissing(schema, dataset, input, name);
          continue;
        }
        const result = run(judge, value, config);
        if (result.issues) {
          const [first] = result.issues;
          if (value === null && isOptional && !first.path) first.words ??= LEAVE_OUT;
          adoptIssues(dataset, result.issues, { type: "object", origin: "value", input, key: name, value });
        }
        if (!result.typed) dataset.typed = false;
        if (view) view[name] = result.value;
      }
      rest?.(dataset, input, config);
      if (view) dataset.value = view;
      return dataset;
    },
  };
}

function addMissing(schema: Schema, dataset: Dataset, input: Projected, key: string): void {
  const path = [{ type: "object", origin: "value", input, key, value: undefined } as const];
  addIssue(dataset, { kind: "schema", type: schema.type, words: REQUIRED, path: [...path] });
  dataset.typed = false;
}

function notTyped(schema: Schema, dataset: Dataset): Dataset {
  const words = typeof schema.message === "string" ? schema.message : undefined;
  addIssue(dataset, { kind: "schema", type: schema.type, ...(words !== undefined && { words }) });
  dataset.typed = false;
  return dataset;
}

/** Judges the entries of an object that no schema names. */
type RestJudge = (dataset: Dataset, input: Projected, config: Config) => void;

/** Faulty entries after which the others need not be looked at. */
const ENOUGH_FAULTS = 1000;

/**
 * Judges entries one by one, as the scan comes by them; none is kept. However many are faulty, the fault is the object's:
 * its path must not hold a key that the caller chose.
 *
 * @param key undefined where any key is right
 * @param named members that have a schema of their own
 */
export function toRestJudge(
  key: { judge: Judge; route: Route } | undefined,
  value: { judge: Judge; route: Route },
  named: MemberRoutes,
): RestJudge {
  const isNamed = ({ bytes, isPlain }: Projector, keyStart: number, keyEnd: number) =>
    named.names.length > 0 && named.finder.find(bytes, keyStart, keyEnd, isPlain) >= 0;
  return (dataset, { projector, at: start }, config) => {
    if (!projector) return;
    // Judges the entries that count, until there are enough faults. Of all of them where it is not known which these are.
    const walk = (last: LastEntries | undefined, isEnough: (fault: Fault) => boolean) => {
      let isDone = false;
      projector.walk(start, (at, keyStart, keyEnd) => {
        if (isDone || isNamed(projector, keyStart, keyEnd) || last?.has(keyStart) === false) {
          return projector.skipValue(at, 0);
        }
        const projected = projector.project(at, value.route, 0);
        const { end } = projector;
        const ofValue = toFault(run(value.judge, projected, config), "an entry");
        const ofKey = key && toFault(run(key.judge, projector.project(keyStart - 1, key.route, 0), config), "a key");
        const fault = ofValue ?? ofKey;
        const isTyped = ofValue?.isTyped !== false && ofKey?.isTyped !== false;
        if (fault) isDone = isEnough({ ...fault, isTyped });
        return end;
      });
      return isDone;
    };
    // Where all entries are right, those that count are. Only else is it worth finding out which these are.
    if (!walk(undefined, () => true)) return;
    let faults = 0;
    walk(new LastEntries(projector, start), ({ issue, isTyped }) => {
      faults++;
      if (faults === 1) addIssue(dataset, issue);
      if (!isTyped) dataset.typed = false;
      return !isTyped || faults === ENOUGH_FAULTS;
    });
  };
}

interface Fault {
  readonly issue: Issue;
  readonly isTyped: boolean;
}

/** The first fault of an entry as a fault of its object; the entry's own path stays inside. */
function toFault({ issues, typed }: Dataset, part: string): Fault | undefined {
  if (!issues) return undefined;
  const [{ path, ...issue }] = issues;
  const inside = [...(path?.map(({ key }) => key) ?? []), ...(issue.inside?.slice(1) ?? [])];
  return { issue: { ...issue, inside: [part, ...inside] }, isTyped: typed };
}

/** Judges a record. */
export function toRecordJudge(schema: Schema, rest: RestJudge): Judge {
  return {
    ...schema,
    "~run"(dataset, config) {
      const input = asProjected(dataset.value);
      if (!input) return notTyped(schema, dataset);
      dataset.typed = true;
      rest(dataset, input, config);
      return dataset;
    },
  };
}

/**
 * Judges an array or a tuple.
 *
 * @param first judges of the items that have a schema of their own
 * @param rest judges all others; undefined where these are free
 * @param limit items that are judged; more are a fault of the array, in the words of `tooLong`
 */
export function toArrayJudge(
  schema: Schema,
  isSeen: boolean,
  first: readonly Judge[],
  rest: Judge | undefined,
  limit: number,
  tooLong: Item | undefined,
): Judge {
  return {
    ...schema,
    "~run"(dataset, config) {
      const input = dataset.value;
      if (!Array.isArray(input)) return notTyped(schema, dataset);
      dataset.typed = true;
      if (tooLong && input.length > limit) {
        const words = typeof tooLong.message === "string" ? { words: tooLong.message } : {};
        addIssue(dataset, { kind: "validation", type: "max_length", requirement: limit, ...words });
      }
      const view: unknown[] | undefined = isSeen ? [] : undefined;
      const judged = rest ? Math.min(input.length, limit) : first.length;
      for (let key = 0; key < Math.max(judged, first.length); key++) {
        const value: unknown = key < input.length ? input[key] : undefined;
        const result = run(key < first.length ? (first[key] as Judge) : (rest as Judge), value, config);
        if (result.issues) {
          const [issue] = result.issues;
          if (value === undefined && !issue.path) issue.words ??= REQUIRED;
          adoptIssues(dataset, result.issues, { type: "array", origin: "value", input, key, value });
        }
        if (!result.typed) dataset.typed = false;
        view?.push(result.value);
      }
      // What checks see: a tuple has all of its items, absent ones too; of other arrays they may only count the items.
      if (view) dataset.value = view;
      else if (schema.type === "tuple") dataset.value = first.map((_, i) => input[i]);
      else if (input.length > limit) dataset.value = input.slice(0, limit);
      return dataset;
    },
  };
}
