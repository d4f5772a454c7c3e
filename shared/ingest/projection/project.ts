import { MAX_DEPTH } from "../../events/limits.ts";
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  JsonScanner,
  JsonSyntaxError,
  LOWER_F,
  LOWER_N,
  LOWER_T,
  LOWER_U,
  OPEN_ARRAY,
  OPEN_OBJECT,
  PAUSED,
  QUOTE,
  skipSpace,
} from "../json.ts";
import { Names } from "./names.ts";
import { readNumber } from "./number.ts";
import type { Plan } from "./plan.ts";
import { Projected, SOME_ARRAY } from "./projected.ts";

/** A plan as the scan follows it. */
export interface Route {
  readonly text: number;
  readonly isRead: boolean;
  readonly isNumber: boolean;
  readonly members: MemberRoutes | undefined;
  readonly isRecord: boolean;
  readonly items: { readonly limit: number; readonly first: readonly Route[]; readonly rest: Route } | undefined;
}

/** The members of an object that are wanted. */
export interface MemberRoutes {
  readonly names: readonly string[];
  readonly finder: Names;
  readonly routes: readonly Route[];
  /** The values of an object that has none of them. */
  readonly absent: readonly undefined[];
}

/** What the reader of an envelope decides while its members come by; payloads have no such reader. */
export interface EnvelopeReader {
  /** @returns how to read a member, by its index; undefined when that depends on what comes later in the body */
  route(index: number, envelope: Projected): Route | undefined;
  /** A member is there twice, or under a name that differs by case. */
  note(name: string, kind: "repeated" | "other case"): void;
}

/** Makes a plan ready for the scan. */
export function toRoute(plan: Plan): Route {
  const { members, items } = plan;
  return {
    ...plan,
    members: members && toMemberRoutes([...members].map(([name, member]) => [name, toRoute(member)])),
    items: items && { limit: items.limit, first: items.first.map(toRoute), rest: toRoute(items.rest) },
  };
}

/** @param foldsCase whether names that differ by case alone are noted */
export function toMemberRoutes(members: readonly (readonly [string, Route])[], foldsCase = false): MemberRoutes {
  const names = members.map(([name]) => name);
  return {
    names,
    finder: new Names(names, foldsCase),
    routes: members.map(([, route]) => route),
    absent: names.map(() => undefined),
  };
}

/** Any object, where none of its members matter. */
const SOME_OBJECT = new Projected(toMemberRoutes([]), undefined, 0);

/** An object whose members are being read. */
interface OpenObject {
  readonly target: Projected;
  readonly depth: number;
  readonly reader: EnvelopeReader | undefined;
  /**
   * Members that can only be read once the object has been seen, by the offset of their value: of those that stand twice the
   * last one counts, as in JSON.parse, and a body of a million of them must not become as many values.
   */
  later: Map<number, number> | undefined;
}

/** An array whose items are being read. */
interface OpenArray {
  readonly items: unknown[];
  readonly route: NonNullable<Route["items"]>;
  readonly depth: number;
}

/** Scans JSON and makes values of what a route asks for; everything else stays bytes. */
export class Projector extends JsonScanner {
  /** Offset behind the value that was projected last. */
  end = 0;
  /** What goes on after a pause. */
  #resume: () => unknown = () => undefined;

  /**
   * Projects the value that starts at `at`; all of it is checked.
   *
   * @param depth objects and arrays that are open around it
   * @returns the value; what is not asked for is a stand-in of the same JSON type. Where the scan pauses, `end` is PAUSED
   *   and {@link resume} goes on
   * @throws {JsonSyntaxError} when there is no complete, valid value
   */
  project(at: number, route: Route, depth: number): unknown {
    const first = this.bytes[at];
    switch (first) {
      case QUOTE:
        this.end = this.skipString(at);
        return route.text === 0 ? "" : this.#readText(at + 1, this.end - 1, route);
      case OPEN_OBJECT:
        if (route.members) return this.projectObject(at, route.members, depth, route.isRecord);
        return this.skip(at, depth, SOME_OBJECT);
      case OPEN_ARRAY:
        if (route.items) return this.#projectArray(at, route.items, depth);
        return this.skip(at, depth, SOME_ARRAY);
      default:
        this.end = this.skipScalar(at);
        if (first === LOWER_T) return true;
        if (first === LOWER_F) return false;
        if (first === LOWER_N) return null;
        return route.isNumber ? readNumber(this.bytes, at, this.end) : 0;
    }
  }

  /** Goes on with the value that has paused. @returns the value, unless it pauses again */
  resume(): unknown {
    return this.#resume();
  }

  /** @returns what stands in for the value that is skipped */
  protected skip<T>(at: number, depth: number, standIn: T): T {
    this.end = this.skipValue(at, depth);
    if (this.end === PAUSED) this.#pauseInSkip(standIn);
    return standIn;
  }

  /** @param reader decides about members as they come by */
  projectObject(at: number, shape: MemberRoutes, depth: number, isRecord: boolean, reader?: EnvelopeReader): Projected {
    const target = new Projected(shape, isRecord ? this : undefined, at);
    if (depth >= MAX_DEPTH) this.noteUnfit("too deep", at);
    at = skipSpace(this.bytes, at + 1);
    if (this.bytes[at] !== CLOSE_OBJECT)
      return this.#readMembers(at, { target, depth, reader, later: undefined }, false);
    this.end = at + 1;
    return target;
  }

  /** @param isBehind whether `at` is behind a member; else it is where the first one starts */
  #readMembers(at: number, object: OpenObject, isBehind: boolean): Projected {
    const { bytes } = this;
    const { target, depth, reader } = object;
    const { values, shape } = target;
    for (;;) {
      if (isBehind) {
        if (at > this.pauseAt) return this.#pauseBehindMember(at, object);
        at = skipSpace(bytes, at);
        if (bytes[at] === CLOSE_OBJECT) break;
        if (bytes[at] !== COMMA) throw new JsonSyntaxError(at);
        at = skipSpace(bytes, at + 1);
      }
      isBehind = true;
      const keyStart = at + 1;
      if (bytes[at] !== QUOTE) throw new JsonSyntaxError(at);
      at = this.skipString(at);
      const index = shape.finder.find(bytes, keyStart, at - 1, this.isPlain);
      at = this.skipColon(at);
      let route: Route | undefined;
      if (index >= 0) {
        const isRepeated = values[index] !== undefined || object.later?.has(index) === true;
        if (isRepeated) reader?.note(shape.names[index] as string, "repeated");
        else route = reader ? reader.route(index, target) : shape.routes[index];
        if (!route) {
          object.later ??= new Map();
          object.later.set(index, at);
        }
      } else if (index < -1) reader?.note(shape.names[-2 - index] as string, "other case");
      if (route) values[index] = this.project(at, route, depth + 1);
      else this.skip(at, depth + 1, undefined);
      at = this.end;
      if (at === PAUSED) return this.#pauseInMember(object, route && index);
    }
    if (object.later) return this.#readLater(at + 1, object, object.later);
    this.end = at + 1;
    return target;
  }

  #readLater(end: number, object: OpenObject, later: Map<number, number>): Projected {
    const { target, depth, reader } = object;
    const { pauses } = this;
    for (const [index, offset] of later) {
      later.delete(index);
      if (pauses) this.pauseAfter(offset);
      const route = reader?.route(index, target) ?? (target.shape.routes[index] as Route);
      target.values[index] = this.project(offset, route, depth + 1);
      if (this.end === PAUSED) return this.#pauseInLater(end, object, later, index);
    }
    if (pauses) this.pauseSoon();
    this.end = end;
    return target;
  }

  /** @returns the first items, and one more that is undefined when there are more than the limit */
  #projectArray(at: number, route: NonNullable<Route["items"]>, depth: number): unknown[] {
    const items: unknown[] = [];
    if (depth >= MAX_DEPTH) this.noteUnfit("too deep", at);
    at = skipSpace(this.bytes, at + 1);
    if (this.bytes[at] !== CLOSE_ARRAY) return this.#readItems(at, { items, route, depth }, false);
    this.end = at + 1;
    return items;
  }

  /** @param isBehind whether `at` is behind an item; else it is where the first one starts */
  #readItems(at: number, array: OpenArray, isBehind: boolean): unknown[] {
    const { bytes } = this;
    const { items, route, depth } = array;
    const { limit, first, rest } = route;
    for (;;) {
      if (isBehind) {
        if (at > this.pauseAt) return this.#pauseBehindItem(at, array);
        at = skipSpace(bytes, at);
        if (bytes[at] === CLOSE_ARRAY) break;
        if (bytes[at] !== COMMA) throw new JsonSyntaxError(at);
        at = skipSpace(bytes, at + 1);
      }
      isBehind = true;
      const count = items.length;
      if (count < limit) {
        const item = this.project(at, count < first.length ? (first[count] as Route) : rest, depth + 1);
        if (this.end === PAUSED) return this.#pauseInItem(array, true);
        items.push(item);
      } else {
        if (count === limit) items.push(undefined);
        this.skip(at, depth + 1, undefined);
        if (this.end === PAUSED) return this.#pauseInItem(array, false);
      }
      at = this.end;
    }
    this.end = at + 1;
    return items;
  }

  // A pause leaves every container that is open, and builds from the inside out what goes on with them. In methods of their
  // own: a function that is made within a loop has the loop's variables on the heap.

  #pauseInSkip<T>(standIn: T): void {
    this.#resume = () => {
      this.end = this.resumeSkip();
      if (this.end === PAUSED) this.#pauseInSkip(standIn);
      return standIn;
    };
  }

  #pauseBehindMember(at: number, object: OpenObject): Projected {
    this.end = PAUSED;
    this.#resume = () => {
      this.pauseAfter(at);
      return this.#readMembers(at, object, true);
    };
    return object.target;
  }

  /** @param index of the member; undefined for one that is skipped */
  #pauseInMember(object: OpenObject, index: number | undefined): Projected {
    return this.#resumeInside(object.target, (value) => {
      if (index !== undefined) object.target.values[index] = value;
      return this.#readMembers(this.end, object, true);
    });
  }

  #pauseInLater(end: number, object: OpenObject, later: Map<number, number>, index: number): Projected {
    return this.#resumeInside(object.target, (value) => {
      object.target.values[index] = value;
      return this.#readLater(end, object, later);
    });
  }

  #pauseBehindItem(at: number, array: OpenArray): unknown[] {
    this.end = PAUSED;
    this.#resume = () => {
      this.pauseAfter(at);
      return this.#readItems(at, array, true);
    };
    return array.items;
  }

  #pauseInItem(array: OpenArray, isKept: boolean): unknown[] {
    return this.#resumeInside(array.items, (value) => {
      if (isKept) array.items.push(value);
      return this.#readItems(this.end, array, true);
    });
  }

  /** Has a pause inside a container go on with the container once the inner value is there. */
  #resumeInside<T>(container: T, goOn: (value: unknown) => T): T {
    const resumeInner = this.#resume;
    this.#resume = () => {
      const value = resumeInner();
      return this.end === PAUSED ? this.#resumeInside(container, goOn) : goOn(value);
    };
    return container;
  }

  /** Decodes the content of a string, as much as matters. */
  #readText(start: number, end: number, { text, isRead }: Route): string {
    const { bytes } = this;
    if (this.isPlain) {
      const length = Math.min(end - start, text);
      return isRead ? bytes.toString("latin1", start, start + length) : toStandIn(length);
    }
    const decoded = decode(bytes, start, end, text);
    return decoded.length > text ? decoded.slice(0, text) : decoded;
  }
}

/** @returns at least the first `wanted` characters of a string's content, or all of it */
function decode(bytes: Buffer, start: number, end: number, wanted: number): string {
  let cut = start;
  // No character takes more than six bytes. An escape is never cut; a character may be, but only behind what is wanted.
  for (const limit = Math.min(end, start + 6 * wanted); cut < limit; ) {
    cut += bytes[cut] !== BACKSLASH ? 1 : bytes[cut + 1] === LOWER_U ? 6 : 2;
  }
  const text = bytes.toString("utf8", start, cut);
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

const standIns: string[] = [];

/** A string whose length alone matters. */
function toStandIn(length: number): string {
  if (length > 1024) return "x".repeat(length);
  let standIn = standIns[length];
  if (standIn === undefined) {
    standIn = "x".repeat(length);
    standIns[length] = standIn;
  }
  return standIn;
}
