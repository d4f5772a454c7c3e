import { randomInt, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as v from "valibot";
import { describe, expect, inject, it, onTestFailed, vi } from "vitest";
import { commerce as judged } from "../../scripts/testing/judged-domain.ts";
import { commerce } from "../../shared/events/commerce.ts";
import { prepare } from "../../shared/events/judging/prepare.ts";
import type { Dataset, PathItem, Schema } from "../../shared/events/judging/valibot.ts";
import { Problem } from "../../shared/http/problem.ts";
import { readContext, type Service } from "../../shared/ingest/context.ts";
import { Contract } from "../../shared/ingest/contract.ts";
import { dryRun } from "../../shared/ingest/dry-run.ts";
import { InFlight } from "../../shared/ingest/in-flight.ts";
import { JsonScanner } from "../../shared/ingest/json.ts";
import { uncounted } from "../../shared/ingest/summaries.ts";
import { type JsonSchema, rulesOf, toJsonSchema } from "../build/schemas/json-schema.ts";
import { connectPubSub } from "../pubsub/client.ts";
import { buildCommerce } from "./enforced-function.ts";
import { startFunction } from "./function-process.ts";
import { post } from "./post.ts";

/** As in `SEED=7 npx vitest run --mode slow scripts/testing/judging.slow.test.ts`. */
const SEED = Number(process.env.SEED ?? randomInt(2 ** 31));
const SCHEMAS = 400;
const DOCUMENTS = 50;

/** A generator of numbers from 0 to 1 (mulberry32). */
let state = SEED;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const below = (limit: number) => Math.floor(random() * limit);
const pick = <T>(from: readonly T[]) => from[below(from.length)] as T;
const isOften = (share: number) => random() < share;
const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

/** A schema of an author's, and what it has to say of `JSON.parse`, said by valibot itself. */
interface Pair {
  readonly own: v.GenericSchema;
  readonly reference: v.GenericSchema;
}
type Make = (parts: v.GenericSchema[], toName: (name: string) => string) => v.GenericSchema;

const NAMES = ["a", "b", "ü", "constructor", "__proto__", "toString", "prototype", "b"];
/** Names that every object has: valibot finds them where nobody sent them, and passes over them. */
const toOther = (name: string) => (name in Object.prototype || name === "prototype" ? `own ${name}` : name);

/** The same over the authors' schemas and over the references, where an array is no object, and a path is cut. */
function both(parts: readonly Pair[], make: Make): Pair {
  const reference = make(
    parts.map((part) => part.reference),
    toOther,
  ) as unknown as Schema;
  const own = make(
    parts.map((part) => part.own),
    (name) => name,
  );
  const isObject = /object|record|variant/.test(reference.type);
  const run = reference["~run"];
  const deviating: Schema = {
    ...reference,
    "~run"(dataset, config) {
      if (isObject && Array.isArray(dataset.value)) {
        return {
          value: dataset.value,
          typed: false,
          issues: [{ kind: "schema", type: "object", input: undefined, message: "" }],
        };
      }
      const result = run.call(this, dataset, config);
      const isNamed = ({ key }: PathItem) => Object.hasOwn(reference.entries ?? {}, key as string);
      const isCut = /record|strict_object|rest/.test(reference.type) && Array.isArray(dataset.value) === false;
      if (isCut && reference.type !== "tuple_with_rest") {
        for (const { path } of result.issues ?? []) if (path?.[0] && !isNamed(path[0])) path[0].cut = "";
      }
      return result;
    },
  };
  return {
    own,
    reference: isObject ? (deviating as unknown as v.GenericSchema) : (reference as unknown as v.GenericSchema),
  };
}

const pipe = v.pipe as unknown as (...items: readonly unknown[]) => v.GenericSchema;
const leaf =
  (make: () => v.GenericSchema): (() => Pair) =>
  () => ({ own: make(), reference: make() });
const throwing = () => {
  throw new Error("s3cr3t");
};

const leaves: readonly (() => Pair)[] = [
  leaf(() => v.string()),
  leaf(() => pipe(v.string(), v.minLength(1), v.maxCodePoints(3))),
  leaf(() => pipe(v.string(), v.regex(/^[a-zü]+$/), v.minCodePoints(2))),
  leaf(() => pipe(v.string(), v.codePoints(2), v.excludes("x"))),
  leaf(() => pipe(v.string(), v.startsWith("o"), v.brand("o"), v.endsWith("e"))),
  leaf(() => pipe(v.string(), v.regex(/^[^@]+$/), v.maxBytes(5))),
  leaf(() => pipe(v.string(), v.isoDate())),
  leaf(() => v.number()),
  leaf(() => pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9))),
  leaf(() => pipe(v.number(), v.gtValue(0), v.notValue(3), v.multipleOf(1))),
  leaf(() => v.boolean()),
  leaf(() => v.null()),
  leaf(() => v.any()),
  leaf(() => v.literal(0)),
  leaf(() => v.picklist(["one", "öö", 3])),
  leaf(() => v.custom((value) => typeof value === "string")),
  leaf(() => v.nonNullable(v.nullable(v.boolean()))),
  () => ({
    own: pipe(
      v.string(),
      v.check((text: string) => text.length < 4 || throwing()),
    ),
    reference: pipe(
      v.string(),
      v.check((text: string) => text.length < 4),
    ),
  }),
  () => ({
    own: v.custom((value) => value === null || throwing()),
    reference: v.custom((value) => value === null),
  }),
];

const wraps = [v.optional, v.nullish, v.exactOptional, v.nullable, (schema: v.GenericSchema) => schema] as const;

function anySchema(depth: number): Pair {
  if (depth === 0 || isOften(0.25)) return pick(leaves)();
  const parts = times(1 + below(3), () => anySchema(depth - 1));
  const names = times(parts.length, () => pick(NAMES));
  const modes = times(parts.length, () => pick(wraps));
  const toEntries = (all: v.GenericSchema[], toName: (name: string) => string) =>
    Object.fromEntries(all.map((part, i) => [toName(names[i] as string), (modes[i] as (typeof wraps)[4])(part)]));
  const bound = below(4);
  const key = pick([v.string(), v.pipe(v.string(), v.maxCodePoints(1)), v.picklist(["a", "b"])]);
  const makes: readonly Make[] = [
    (all, toName) => v.object(toEntries(all, toName)),
    (all, toName) => v.looseObject(toEntries(all, toName)),
    (all, toName) => v.strictObject(toEntries(all, toName)),
    ([rest, ...all], toName) => v.objectWithRest(toEntries(all, toName), rest as v.GenericSchema),
    ([first]) => v.record(key as v.GenericSchema<string, string>, first as v.GenericSchema),
    ([first]) => v.array(first as v.GenericSchema),
    ([first]) => pipe(v.array(first as v.GenericSchema), v.maxLength(bound), v.minLength(1)),
    ([first]) =>
      pipe(
        v.array(first as v.GenericSchema),
        v.checkItems((item: unknown) => item !== 0),
        v.everyItem((item: unknown) => item !== "one"),
      ),
    (all) => v.looseTuple(all as [v.GenericSchema]),
    (all) => v.strictTuple(all as [v.GenericSchema]),
    ([rest, ...all]) => v.tupleWithRest(all as unknown as [v.GenericSchema], rest as v.GenericSchema),
    (all) => v.tuple(all as [v.GenericSchema]),
    (all) => v.union(all),
    (all) => v.intersect(all as never) as v.GenericSchema,
    ([first]) => v.lazy(() => first as v.GenericSchema),
    (all, toName) =>
      v.variant(
        "t",
        all.map((part, i) =>
          v.looseObject({ t: v.literal(["x", 1, true][i] as string), ...toEntries([part], toName) }),
        ) as never,
      ),
    (all, toName) =>
      pipe(
        v.looseObject(toEntries(all, toName)),
        v.looseObject(toEntries(all.slice(1), toName)),
        v.check((value: object) => Object.keys(value).length !== 2),
      ),
    ([first]) =>
      pipe(
        v.object({ a: first as v.GenericSchema }),
        v.check((value: { a: unknown }) => value.a !== 1),
        v.forward(v.partialCheck([["a"]], (value: { a: unknown }) => value.a !== "one") as never, ["a"]),
      ),
  ];
  return both(parts, pick(makes));
}

const TEXTS = ["", "a", "one", "öö", "😀", "ab", "abcd", "x", "2026-02-30", 'q"\\\n', "a@"];
const NUMBERS = ["0", "1", "3", "9.5", "-1", "1e400", "-1e999", "12345678901234567890", "1.0"];
const SPACES = ["", "", "", " ", "\n\t "];

/** As JSON has it, now and then in escapes. */
function writeText(text: string): string {
  const json = JSON.stringify(text);
  if (!isOften(0.2)) return json;
  const toEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${[...times(text.length, (i) => text[i] as string)].map(toEscape).join("")}"`;
}

/** JSON that a schema may well take. */
function write(schema: Schema | undefined, depth = 5): string {
  const space = pick(SPACES);
  if (!schema || depth === 0 || isOften(0.1)) {
    return space + pick(["null", "[ ]", "{}", "true", '{"a":[1,"x"],"a":1}', writeText(pick(TEXTS)), pick(NUMBERS)]);
  }
  const { pipe: items, wrapped, options, getter, entries, item, items: tuple, rest, value, key, literal } = schema;
  const inner = (part: Schema | undefined) => write(part, depth - 1);
  if (items) return write(items[0] as Schema, depth);
  if (getter) return inner(getter(undefined));
  if (wrapped) return isOften(0.8) ? write(wrapped, depth) : "null";
  if (options) {
    const option = pick(options);
    return typeof option === "object" && option !== null
      ? write(option as Schema, depth)
      : write({ ...schema, options: undefined, literal: option } as never, depth);
  }
  if (entries || value) {
    const named = Object.entries(entries ?? {}).filter(() => isOften(0.9));
    const others = times(below(rest || value ? 4 : 2), () => [pick(NAMES), value ?? rest] as const);
    const members = [...named, ...others].flatMap((member) => (isOften(0.08) ? [member, member] : [member]));
    return `${space}{${members.map(([name, part]) => `${writeText(key && isOften(0.5) ? "a" : name)} :${inner(part)}`).join()}${space}}`;
  }
  if (item) return `${space}[${times(below(5), () => inner(item)).join(" ,")}]`;
  if (tuple)
    return `[${[...tuple, ...times(below(2), () => rest)]
      .slice(0, isOften(0.9) ? undefined : -1)
      .map(inner)
      .join()}]${space}`;
  if (literal !== undefined) return JSON.stringify(literal);
  const ofType: Readonly<Record<string, readonly string[]>> = {
    string: TEXTS.map(writeText),
    number: NUMBERS,
    boolean: ["true", "false"],
  };
  return space + pick(ofType[schema.type] ?? ["null", '"one"', "1"]);
}

/** What JSON.parse makes of a text, with the names that are no object's own. */
function toReferenceValue(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(toReferenceValue);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [toOther(name), toReferenceValue(member)]));
}

function listReferencePaths(reference: v.GenericSchema, text: string): string[] {
  const { issues = [] } = (reference as unknown as Schema)["~run"](
    { value: toReferenceValue(JSON.parse(text)) },
    {},
  ) as Dataset;
  const paths = (issues ?? []).map(({ path = [] }) => {
    const end = path.findIndex(({ cut }) => cut !== undefined);
    return [
      "payload",
      ...path.slice(0, end === -1 ? undefined : end).map(({ key }) => String(key).replace(/^own /, "")),
    ].join(".");
  });
  return [...new Set(paths)];
}

function createService(payload: v.GenericSchema): Service {
  const contract = new Contract(commerce, "registry");
  const envelope = v.looseObject({ user_id: v.string(), payload: v.any() });
  const known = {
    type: "any",
    envelope: prepare(envelope),
    payload: prepare(payload),
    isEnforced: true,
  };
  vi.spyOn(contract, "find").mockReturnValue(known);
  return {
    domain: commerce,
    contract,
    log: { write() {} },
    publisher: { publish: () => Promise.reject(new Error()) },
    inFlight: new InFlight(1),
    summaries: uncounted,
    readCaller: () => undefined,
  };
}

const context = readContext({ headers: {} });
interface Entry {
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly results?: readonly Entry[];
}
async function dry(service: Service, text: string, isLines = false): Promise<Entry> {
  const answer = await dryRun(service, context, { bytes: Buffer.from(text), isLines });
  return answer instanceof Problem ? (answer.members as Entry) : (JSON.parse(answer.body) as Entry);
}

/** Has every scan pause wherever it can. */
function pauseAlways(): () => void {
  const prototype = JsonScanner.prototype as unknown as { pauseAfter(this: { pauseAt: number }, at: number): void };
  const spy = vi.spyOn(prototype, "pauseAfter").mockImplementation(function (this: { pauseAt: number }, at) {
    this.pauseAt = at;
  });
  return () => spy.mockRestore();
}

const toEvent = (payload: string, i: number) => `{"payload":${payload},"user_id":"u${i}","event_type":"any"}`;
const ajv = new Ajv2020({ strict: false, ownProperties: true, validateFormats: false });

/** Whether a schema has rules that its keywords do not say, at any depth. */
function hasUnsaid(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  return rulesOf(schema as JsonSchema).some(({ said }) => said !== "all") || Object.values(schema).some(hasUnsaid);
}

describe(`random schemas and documents (SEED=${SEED})`, () => {
  it("are judged as valibot judges JSON.parse, however they come, and as it is published", {
    timeout: 120_000,
  }, async () => {
    onTestFailed(() => console.error(`Again with SEED=${SEED}`));
    const counts = { right: 0, wrong: 0, documents: 0, exact: 0 };
    for (let i = 0; i < SCHEMAS; i++) {
      const { own, reference } = anySchema(4);
      const service = createService(v.pipe(v.any(), own as never));
      const texts = times(DOCUMENTS, () => write(own as unknown as Schema));
      const isObject = (text: string) => /^\s*\{/.test(text);
      const events = texts.filter(isObject);
      const expected = events.map((text) => listReferencePaths(reference, text));
      const toPaths = ({ errors = [] }: Entry) => errors.map(({ path }) => path);
      const alone: Entry[] = [];
      for (const [at, text] of events.entries()) alone.push(await dry(service, toEvent(text, at)));
      for (const [at, entry] of alone.entries())
        expect(toPaths(entry), `SEED=${SEED} ${events[at]}`).toEqual(expected[at]);
      if (events.length > 0) {
        const lines = events.map((text, at) => toEvent(text.replaceAll("\n", " "), at));
        const restore = pauseAlways();
        const { results: ofArray = [] } = await dry(service, `[${events.map(toEvent).join(" , ")}]`);
        restore();
        const { results: ofLines = [] } = await dry(service, lines.join("\n"), true);
        for (const results of [ofArray, ofLines]) {
          expect(
            results.map(({ errors }) => errors),
            `SEED=${SEED}`,
          ).toEqual(alone.map(({ errors }) => errors));
        }
      }
      const published = toJsonSchema(own);
      const fits = ajv.compile(published);
      const isExact = !hasUnsaid(published);
      for (const text of texts) {
        counts.documents++;
        const isRight = listReferencePaths(reference, text).length === 0;
        counts[isRight ? "right" : "wrong"]++;
        // The validator takes what is beyond a double's range for a number, and does not know this name.
        if (/e400|e999/.test(text) || JSON.stringify([published, JSON.parse(text)]).includes("__proto__")) continue;
        const isFitting = fits(JSON.parse(text));
        const what = `SEED=${SEED} ${text} ${JSON.stringify(published)}`;
        if (isRight) expect(isFitting, what).toBe(true);
        // A tuple cuts its array, which then does not go together with what another schema makes of it.
        if (
          isExact &&
          !(JSON.stringify(published).includes('"allOf"') && JSON.stringify(published).includes('"prefixItems"'))
        ) {
          counts.exact++;
          expect(isRight, what).toBe(isFitting);
        }
      }
    }
    expect(counts.documents).toBe(20_000);
    for (const [name, count] of Object.entries(counts)) expect(count, name).toBeGreaterThan(2000);
  });

  it("are judged by the built function as alone, in gzip", { timeout: 120_000 }, async () => {
    const project = `judging-${randomUUID().slice(0, 8)}`;
    const admin = connectPubSub(inject("pubsub"), project);
    await admin.createTopic("pulsecart.commerce-events");
    admin.close();
    const built = await buildCommerce(fileURLToPath(new URL("judged-domain.ts", import.meta.url)));
    const running = await startFunction("commerce", { endpoint: inject("pubsub"), project, source: built.source });
    try {
      for (const { type, payload } of Object.values(judged.events)) {
        if (!type.startsWith("enforced")) continue;
        const events = times(100, () => toEvent(write(payload as unknown as Schema), 0).replace('"any"', `"${type}"`));
        const alone: unknown[] = [];
        for (const event of events) {
          const { status, answer } = await post<{ errors?: unknown }>(`${running.url}/events/validate`, event);
          expect([200, 422], `SEED=${SEED} ${event}`).toContain(status);
          alone.push(answer.errors);
        }
        const body = gzipSync(`[${events.join()}]`);
        const batch = await post<Entry>(`${running.url}/events/validate`, body, { "content-encoding": "gzip" });
        expect(
          batch.answer.results?.map(({ errors }) => errors),
          `SEED=${SEED}`,
        ).toEqual(alone);
      }
    } finally {
      await running.stop();
      await built.remove();
    }
  });
});
