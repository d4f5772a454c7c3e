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

/** Scans JSON and makes values of what a route asks for; everything else stays bytes. */
export class Projector extends JsonScanner {
  /** Offset behind the value that was projected last. */
  end = 0;

  /**
   * Projects the value that starts at `at`; all of it is checked.
   *
   * @param depth objects and arrays that are open around it
   * @returns the value; what is not asked for is a stand-in of the same JSON type
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
        this.end = this.skipValue(at, depth);
        return SOME_OBJECT;
      case OPEN_ARRAY:
        if (route.items) return this.#projectArray(at, route.items, depth);
        this.end = this.skipValue(at, depth);
        return SOME_ARRAY;
      default:
        this.end = this.skipScalar(at);
        if (first === LOWER_T) return true;
        if (first === LOWER_F) return false;
        if (first === LOWER_N) return null;
        return route.isNumber ? readNumber(this.bytes, at, this.end) : 0;
    }
  }

  /** @param reader decides about members as they come by */
  projectObject(at: number, shape: MemberRoutes, depth: number, isRecord: boolean, reader?: EnvelopeReader): Projected {
    const { bytes } = this;
    const { names, finder, routes } = shape;
    const target = new Projected(shape, isRecord ? this : undefined, at);
    const { values } = target;
    if (depth >= MAX_DEPTH) this.noteUnfit("too deep", at);
    // Members that can only be read once the object has been seen, by the offset of their value: of those that stand twice
    // the last one counts, as in JSON.parse, and a body of a million of them must not become as many values.
    let later: Map<number, number> | undefined;
    at = skipSpace(bytes, at + 1);
    if (bytes[at] === CLOSE_OBJECT) {
      this.end = at + 1;
      return target;
    }
    for (;;) {
      const keyStart = at + 1;
      if (bytes[at] !== QUOTE) throw new JsonSyntaxError(at);
      at = this.skipString(at);
      const index = finder.find(bytes, keyStart, at - 1, this.isPlain);
      at = this.skipColon(at);
      if (index < 0) {
        if (index < -1) reader?.note(names[-2 - index] as string, "other case");
        at = this.skipValue(at, depth + 1);
      } else {
        const isRepeated = values[index] !== undefined || later?.has(index) === true;
        if (isRepeated) reader?.note(names[index] as string, "repeated");
        const route = isRepeated ? undefined : reader ? reader.route(index, target) : routes[index];
        if (route === undefined) {
          later ??= new Map();
          later.set(index, at);
          at = this.skipValue(at, depth + 1);
        } else {
          values[index] = this.project(at, route, depth + 1);
          at = this.end;
        }
      }
      at = skipSpace(bytes, at);
      if (bytes[at] === CLOSE_OBJECT) break;
      if (bytes[at] !== COMMA) throw new JsonSyntaxError(at);
      at = skipSpace(bytes, at + 1);
    }
    if (later) {
      for (const [index, offset] of later) {
        const route = reader?.route(index, target) ?? (routes[index] as Route);
        values[index] = this.project(offset, route, depth + 1);
      }
    }
    this.end = at + 1;
    return target;
  }

  /** @returns the first items, and one more that is undefined when there are more than the limit */
  #projectArray(at: number, { limit, first, rest }: NonNullable<Route["items"]>, depth: number): unknown[] {
    const { bytes } = this;
    const items: unknown[] = [];
    if (depth >= MAX_DEPTH) this.noteUnfit("too deep", at);
    at = skipSpace(bytes, at + 1);
    if (bytes[at] === CLOSE_ARRAY) {
      this.end = at + 1;
      return items;
    }
    for (let count = 0; ; count++) {
      if (count < limit) {
        items.push(this.project(at, count < first.length ? (first[count] as Route) : rest, depth + 1));
        at = this.end;
      } else {
        if (count === limit) items.push(undefined);
        at = this.skipValue(at, depth + 1);
      }
      at = skipSpace(bytes, at);
      if (bytes[at] === CLOSE_ARRAY) break;
      if (bytes[at] !== COMMA) throw new JsonSyntaxError(at);
      at = skipSpace(bytes, at + 1);
    }
    this.end = at + 1;
    return items;
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
