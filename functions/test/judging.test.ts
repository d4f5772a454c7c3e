import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { buildCommerce } from "../../scripts/testing/enforced-function.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { post } from "../../scripts/testing/post.ts";

const domain = fileURLToPath(new URL("../../scripts/testing/judged-domain.ts", import.meta.url));
const endpoint = inject("pubsub");
const project = `judging-${randomUUID().slice(0, 8)}`;
const SECRET = "s3cr3t";

interface Body {
  readonly status?: unknown;
  readonly code?: string;
  readonly detail?: string;
  readonly warnings?: readonly { readonly path: string; readonly message: string }[];
  readonly errors?: Body["warnings"];
  readonly results?: readonly Body[];
}

let built: Awaited<ReturnType<typeof buildCommerce>>;
let running: FunctionProcess;
let topic: TopicCollector;
beforeAll(async () => {
  built = await buildCommerce(domain);
  topic = await collectTopic(endpoint, project, "pulsecart.commerce-events");
  running = await startFunction("commerce", { endpoint, project, source: built.source });
});
afterAll(async () => {
  await running?.stop();
  await topic?.close();
  await built?.remove();
  // Whatever a check, a message or an error says.
  expect(JSON.stringify(running.logs)).not.toMatch(/s3cr3t|told|seven|BigInt|SyntaxError/);
});

const write = (type: string, payload: string, user = "usr_1") =>
  `{"payload":${payload},"event_type":"${type}","user_id":"${user}"}`;
const good = write("reported.strict", '{"n":1}');
const send = (path: string, body: string | Uint8Array, headers = {}) => post<Body>(running.url + path, body, headers);
const toLines = (faults: Body["warnings"]) => faults?.map(({ path, message }) => `${path} ${message}`);

const MANY = Array.from({ length: 40 }, (_, i) => `"${SECRET}-${i}":${i}`).join();

const cases: readonly (readonly [type: string, payload: string, faults: readonly string[] | undefined])[] = [
  ["record", `{"map":{"a":1,"b":2}}`, undefined],
  [
    "record",
    `{"map":{"a":1,"${SECRET}":"${SECRET}"},"n":""}`,
    ["payload.map an entry must be a number", "payload.n must be a number"],
  ],
  ["record", `{"map":{"${SECRET}-long":1}}`, ["payload.map a key must have at most 8 characters"]],
  ["record", `{"map":{"a":"x","\\u0061":1}}`, undefined],
  ["record", `{"map":[]}`, ["payload.map must be a JSON object"]],
  ["records", `{"deep":{"a":{"b":{"c":{"d":{"${SECRET}":"${SECRET}"}}}}}}`, ["payload.deep an entry must be a number"]],
  ["records", `{"deep":{"a":{"b":{"c":{"d":{"e":1}}}}}}`, undefined],
  ["rest", `{"n":1,"${SECRET}":2}`, ["payload an entry must be a string"]],
  [
    "strict",
    `{"n":1,"${SECRET}":2,"of":[{"n":1},{"n":1,"${SECRET}":1}]}`,
    [
      "payload.of.1 must not have members that its schema does not name",
      "payload must not have members that its schema does not name",
    ],
  ],
  ["union", `{"of":{"t":"a","n":1},"${SECRET}":1}`, undefined],
  ["union", `{"of":{"t":"b","list":["x","y"]}}`, undefined],
  ["union", `{"of":{"t":"b","list":["no"]}}`, ["payload must be valid"]],
  ["union", `{"of":{"t":"b","list":["1","2","3"]}}`, ["payload.of must be valid"]],
  ["union", `{"of":{"t":"${SECRET}"}}`, ["payload.of must match one of its schemas"]],
  ["intersect", `{"t":"a","n":1,"constructor":{"t":1},"map":{"x":1}}`, undefined],
  ["intersect", `{"t":"a","n":1,"map":{"${SECRET}":""}}`, ["payload.map an entry must be a number"]],
  [
    "arrays",
    `{"x":[1,2,3],"y":[1,2,3]}`,
    ["payload.x must have at most 2 items", "payload.y must have at most 2 items"],
  ],
  [
    "arrays",
    `{"x":[],"y":[1,-1,-2]}`,
    ["payload.y must have at most 2 items", "payload.y.1 must be a valid item", "payload.y.2 must be a valid item"],
  ],
  ["forward", `{"low":2,"high":{"n":1}}`, ["payload.high must be valid"]],
  ["forward", `{"low":0.5,"high":{"n":1}}`, ["payload.low must be valid"]],
  ["forward", `{"low":-5,"high":null}`, ["payload.high must not be null; leave the field out instead"]],
  ["throws", `{"id":"${SECRET}"}`, ["payload.id must be valid"]],
  ["throws", `{"id":"1","of":{"${SECRET}":1}}`, ["payload.of must be valid"]],
  ["throws", `{"id":null}`, ["payload.id must be valid"]],
  ["variant", `{"t":"a","n":"${SECRET}"}`, ["payload.n must be a number"]],
  ["variant", `{"t":"b","u":1}`, undefined],
  ["variant", `{"t":"${SECRET}","u":1}`, ['payload.t must be "a" or "b"']],
  [
    "tree",
    `{"n":1,"children":[{"n":1},{"n":2,"children":[{"n":"${SECRET}"}]}]}`,
    ["payload.children.1.children.0.n must be a number"],
  ],
  [
    "kinds",
    `{"brand":"${SECRET}","some":null,"two":{"n":1},"tuple":[],"pick":"${SECRET}"}`,
    [
      "payload.brand must have at most 2 characters",
      "payload.some must not be null",
      "payload.two.t is required",
      'payload.pick must be "x" or 1 or null',
    ],
  ],
  ["kinds", `{"brand":"ab","some":"","two":{"n":1,"t":""},"tuple":[1],"pick":1}`, undefined],
  ["raw", `{"map":{"bad":1,"${SECRET}":2}}`, ["payload.map must be valid"]],
  ["raw", `{"n":7,"map":{"${SECRET}":1}}`, ["payload must be valid"]],
  [
    "names",
    `{"constructor":1,"prototype":1,"__proto__":{"a":1}}`,
    [
      "payload.constructor must be a string",
      "payload.prototype must be a string",
      "payload.__proto__ must be a string",
    ],
  ],
  ["names", `{"map":{"__proto__":"x"}}`, ["payload.map an entry must be a number"]],
  ["names", `{"map":{"constructor":1,"prototype":2,"__proto__":3}}`, undefined],
  [
    "numbers",
    `{"n":1e400,"u":-1e999,"c":${"9".repeat(400)},"k":1E+400}`,
    ["n", "u", "c", "k"].map((name) => `payload.${name} is beyond the range of a double`),
  ],
  ["numbers", `{"n":1e-400,"u":9007199254740993,"c":1e308,"k":0}`, undefined],
  ["strict", `[]`, ["payload must be a JSON object"]],
  ["record", `{"map":{${MANY}}}`, ["payload.map a key must have at most 8 characters"]],
];

describe("the verdict is the same alone, in an array, in lines and in gzip, checked or sent", () => {
  it.each(cases)("%s %s", async (type, payload, faults) => {
    const isWhole = payload === "[]";
    const reported = write(`reported.${type}`, payload);
    const alone = await send("/events/validate", reported);
    expect([alone.status, toLines(isWhole ? alone.answer.errors : alone.answer.warnings)]).toEqual([
      isWhole ? 422 : 200,
      faults,
    ]);
    const sent = await send("/", write(`reported.${type}`, payload, `u-${randomUUID()}`));
    expect([sent.status, toLines(isWhole ? sent.answer.errors : sent.answer.warnings)]).toEqual([
      isWhole ? 422 : 202,
      faults,
    ]);
    const enforced = write(`enforced.${type}`, payload);
    const refused = await send("/events/validate", enforced);
    expect([refused.status, toLines(refused.answer.errors)]).toEqual([faults ? 422 : 200, faults]);
    for (const path of ["/events/validate", "/events/batch"]) {
      for (const [body, headers] of [
        [`[${good},${reported},${good},${enforced}]`, {}],
        [`${good}\n${reported}\n${good}\n${enforced}`, { "content-type": "application/x-ndjson" }],
        [gzipSync(`[${good},${reported} , ${good},${enforced}]`), { "content-encoding": "gzip" }],
      ] as const) {
        const { status, answer } = await send(path, body, headers);
        const ok = path === "/events/batch" ? 202 : 200;
        const statuses = [ok, isWhole ? 422 : ok, ok, faults ? 422 : ok];
        expect([status, answer.results?.map((entry) => entry.status)]).toEqual([faults ? 207 : ok, statuses]);
        expect(toLines(isWhole ? answer.results?.[1]?.errors : answer.results?.[1]?.warnings)).toEqual(faults);
        expect(toLines(answer.results?.[3]?.errors)).toEqual(faults);
        expect(JSON.stringify(answer)).not.toMatch(/s3cr3t|told/);
      }
    }
  });
});

it("publishes as sent what it reports, with the paths alone", async () => {
  const user = `u-${randomUUID()}`;
  const text = write("reported.record", `{"map":{"${SECRET}":"${SECRET}"},"n":1e400}`, user);
  expect((await send("/", text)).status).toBe(202);
  const isMine = ({ orderingKey }: { orderingKey: string }) => orderingKey === user;
  const message = (await topic.waitFor((all) => all.some(isMine))).find(isMine);
  expect(message?.data.toString().endsWith(text.slice(1))).toBe(true);
  expect(message?.attributes.payload_faults).toBe("payload.map payload.n");
});

describe("an entry of an array that is no UTF-8", () => {
  const at = (bytes: string) =>
    Buffer.concat([
      Buffer.from(`[${good},{"`),
      Buffer.from(bytes, "latin1"),
      Buffer.from(`":1,${good.slice(1)},${good}]`),
    ]);
  it.each(["\xf0aa\\\\uzz", "\xff", "a\xc3", "\xe2\x82\\n", "\xf0\x9f\\ud83d\\ude00", "\\\\\xc3\\u0061"])(
    "in a key %j is the fault of that entry",
    async (key) => {
      const { status, answer } = await send("/events/validate", at(key));
      expect([status, answer.results?.map(({ code, status }) => code ?? status)]).toEqual([
        207,
        [200, "malformed_json", 200],
      ]);
    },
  );
});

it("keeps the limits of values for each payload by itself", async () => {
  const many = write("reported.tree", `{"n":1,"other":[${Array(9_997).fill("0").join()}]}`);
  const more = write("reported.tree", `{"n":1,"other":[${Array(9_999).fill("0").join()}]}`);
  const { answer } = await send("/events/validate", `[${many},${many},${more},${good}]`);
  expect(answer.results?.map(({ warnings }) => toLines(warnings))).toEqual([
    undefined,
    undefined,
    ["payload has more than 10,000 values, so it is not checked"],
    undefined,
  ]);
});

it("judges records within records in the time of their values", async () => {
  const inner = `{${Array.from({ length: 600 }, (_, i) => `"${i}":1`).join()}}`;
  const deep = `{"a":{"b":{"c":{${Array.from({ length: 10 }, (_, i) => `"${i}":${inner}`).join()}}}}}`;
  const text = write("reported.records", `{"note":"${"x".repeat(7 * 1024 * 1024)}","deep":${deep}}`);
  const { status, answer } = await send("/events/validate", text);
  expect([status, answer]).toEqual([200, { status: "valid" }]);
});
