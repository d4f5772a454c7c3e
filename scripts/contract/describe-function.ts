import inspector from "node:inspector";
import { transformSync } from "esbuild";

/**
 * Describes a value of a schema's author: of a function its code, and whatever its code refers to (the values of a closure,
 * helpers, constants of its module), at any depth. V8's inspector shows these; no other interface does.
 *
 * @returns the same text for what behaves the same; `opaque` where it is made of something that nobody can look into
 */
export function describe(value: unknown): { readonly text: string; readonly isOpaque: boolean } {
  const description: Description = { seen: new Map(), isOpaque: false };
  const text = describeValue(description, value);
  return { text, isOpaque: description.isOpaque };
}

interface Description {
  /** What was described already, by its number: a value may refer to itself. */
  readonly seen: Map<unknown, number>;
  isOpaque: boolean;
}

/** More than a check is made of. What is beyond is not looked into. */
const MOST_VALUES = 3000;

function describeValue(description: Description, value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return String(value);
  const number = description.seen.get(value);
  if (number !== undefined) return `#${number}`;
  description.seen.set(value, description.seen.size);
  if (description.seen.size > MOST_VALUES) {
    description.isOpaque = true;
    return "…";
  }
  if (typeof value === "function") return describeFunction(description, value as () => unknown);
  return describeObject(description, value);
}

function describeObject(description: Description, value: object): string {
  const list = (values: Iterable<unknown>) => [...values].map((each) => describeValue(description, each)).join(",");
  if (Array.isArray(value)) return `[${list(value)}]`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (value instanceof Set || value instanceof Map) return `${value.constructor.name} {${list(value)}}`;
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof Promise) description.isOpaque = true;
  const members = Object.entries(Object.getOwnPropertyDescriptors(value)).map(
    ([name, { value: own, get }]) => `${name}:${describeValue(description, get ?? own)}`,
  );
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || prototype.constructor === Object;
  return `${isPlain ? "" : describeValue(description, prototype.constructor)}{${members.join(",")}}`;
}

function describeFunction(description: Description, value: () => unknown): string {
  const source = Function.prototype.toString.call(value);
  const { scopes, bound } = inspect(value);
  if (bound.length > 0) return `bound(${bound.map((each) => describeValue(description, each)).join(",")})`;
  // A function of the language itself.
  if (source.includes("[native code]")) return `native ${value.name}`;
  const names = [...new Set(source.match(/(?<![.\p{ID_Continue}$])[\p{ID_Start}$_][\p{ID_Continue}$]*/gu))];
  const used = names.flatMap((name) => {
    const scope = scopes.find((each) => name in each);
    return scope ? [`${name}=${describeReferred(description, scope[name], names)}`] : [];
  });
  return `${tidy(source)}${used.length > 0 ? ` where ${used.join(";")}` : ""}`;
}

/** Of a module as a whole, only what is used. */
function describeReferred(description: Description, value: unknown, names: readonly string[]): string {
  if (Object.prototype.toString.call(value) !== "[object Module]") return describeValue(description, value);
  const members = Object.entries(value as object).filter(([name]) => names.includes(name));
  return `{${members.map(([name, member]) => `${name}:${describeValue(description, member)}`).join(",")}}`;
}

/** Without white space and comments, which change nothing. */
function tidy(source: string): string {
  try {
    return transformSync(`x=${source}`, { minifyWhitespace: true, minifySyntax: true, logLevel: "silent" }).code.slice(
      2,
    );
  } catch {
    // A method has a form that is no expression.
    return source.replaceAll(/\s+/g, " ");
  }
}

const PLACE = Symbol.for("pulsecart.inspected");

interface Inspected {
  /** The variables of each scope that the function sees, the innermost first; those of the whole program left out. */
  readonly scopes: readonly Readonly<Record<string, unknown>>[];
  /** The function, `this` and arguments that `bind` took. */
  readonly bound: readonly unknown[];
}

type Property = inspector.Runtime.PropertyDescriptor;

function inspect(value: () => unknown): Inspected {
  const session = new inspector.Session();
  session.connect();
  try {
    const reader = new Reader(session);
    const internal = reader.list(reader.toId(value)).internal;
    const find = (name: string) => internal.find((property) => property.name === name)?.value;
    const scopes = reader
      .list(find("[[Scopes]]")?.objectId)
      .own.filter(({ value: scope }) => !/^(Global|Script)/.test(scope?.description ?? ""));
    const bound = ["[[TargetFunction]]", "[[BoundThis]]", "[[BoundArgs]]"].map(find).filter(Boolean);
    return {
      scopes: scopes.map(({ value: scope }) =>
        Object.assign(
          Object.create(null),
          Object.fromEntries(reader.list(scope?.objectId).own.map((each) => [each.name, reader.toValue(each.value)])),
        ),
      ),
      bound: bound.map((each) => reader.toValue(each)),
    };
  } finally {
    session.disconnect();
  }
}

/** Reads through the inspector, whose calls within one process answer at once. */
class Reader {
  readonly #session: inspector.Session;

  constructor(session: inspector.Session) {
    this.#session = session;
  }

  toId(value: unknown): string | undefined {
    const place = globalThis as { [PLACE]?: unknown };
    place[PLACE] = value;
    const expression = `globalThis[Symbol.for(${JSON.stringify(PLACE.description)})]`;
    return this.#post<{ result: inspector.Runtime.RemoteObject }>("Runtime.evaluate", { expression }).result.objectId;
  }

  toValue(remote: inspector.Runtime.RemoteObject | undefined): unknown {
    if (!remote?.objectId) return remote?.unserializableValue ? Number(remote.unserializableValue) : remote?.value;
    const name = JSON.stringify(PLACE.description);
    this.#post("Runtime.callFunctionOn", {
      objectId: remote.objectId,
      functionDeclaration: `function () { globalThis[Symbol.for(${name})] = this; }`,
    });
    return (globalThis as { [PLACE]?: unknown })[PLACE];
  }

  list(objectId: string | undefined): { readonly own: readonly Property[]; readonly internal: readonly Property[] } {
    if (objectId === undefined) return { own: [], internal: [] };
    const found = this.#post<inspector.Runtime.GetPropertiesReturnType>("Runtime.getProperties", {
      objectId,
      ownProperties: true,
    });
    return { own: found.result, internal: (found.internalProperties ?? []) as Property[] };
  }

  #post<T>(method: string, parameters: object): T {
    let answer: T | undefined;
    this.#session.post(method, parameters, (error, result) => {
      if (error) throw new Error(`${method}: ${error.message}`);
      answer = result as T;
    });
    return answer as T;
  }
}
