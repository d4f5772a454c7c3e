import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { commerce } from "../../shared/events/commerce.ts";

const endpoint = inject("pubsub");
const project = "callers";
const account = "checkout@shop-prod.iam.gserviceaccount.com";
const { sample } = commerce.events["order.placed"];

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const toToken = (claims: object) => `Bearer ${encode({ alg: "RS256" })}.${encode(claims)}.SIGNATURE_REMOVED_BY_GOOGLE`;
const token = toToken({ email: account });

/** Sends headers as they are given, two of a name among them. */
async function send(running: FunctionProcess, headers: string[], event: unknown, path = "/") {
  const body = JSON.stringify(event);
  const head = ["Host", "x", "Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(body))];
  const sending = request(`${running.url}${path}`, { method: "POST", headers: [...head, ...headers] });
  sending.end(body);
  const [response] = (await once(sending, "response")) as [IncomingMessage];
  return { status: response.statusCode, body: JSON.parse(await text(response)) as Record<string, unknown> };
}

const start = (env: Record<string, string> = {}, execArgv: string[] = []) =>
  // Whatever the registry enforces today.
  startFunction("commerce", { endpoint, project, env: { PAYLOAD_CHECKS: "report", ...env }, execArgv });

/** The summaries of a message, and how many events they count. */
const sumOf = (running: readonly FunctionProcess[], message: string, caller?: string) => {
  const lines = running.flatMap(({ logs }) =>
    logs.filter((line) => line.message === message && line.caller === caller),
  );
  return { lines, events: lines.reduce((sum, { count }) => sum + Number(count), 0) };
};

describe("with CALLER_IDENTITY=iam", () => {
  let running: FunctionProcess;
  let open: FunctionProcess;
  let topic: TopicCollector;
  beforeAll(async () => {
    topic = await collectTopic(endpoint, project, commerce.topic);
    running = await start({ CALLER_IDENTITY: "iam" });
    open = await start();
  });
  afterAll(async () => {
    await Promise.all([running?.stop(), open?.stop()]);
    await topic?.close();
  });

  const findAttributes = async (eventId: unknown) => {
    const isWanted = ({ attributes }: { attributes: Record<string, string> }) => attributes.event_id === eventId;
    return (await topic.waitFor((all) => all.some(isWanted))).find(isWanted)?.attributes;
  };

  const forged = toToken({ email: "admin@shop-prod.iam.gserviceaccount.com" });
  const cases: readonly (readonly [string, string[], string | undefined])[] = [
    ["a verified token", ["Authorization", token], account],
    ["a forged one beside the verified", ["Authorization", forged, "X-Serverless-Authorization", token], account],
    [
      "an unreadable one before a forged one",
      ["X-Serverless-Authorization", "Bearer x", "Authorization", forged],
      undefined,
    ],
    ["two, of which the platform has checked one", ["Authorization", forged, "Authorization", token], undefined],
    ["broken base64", ["Authorization", token.replace(/\.(.{9})/, ".$1!")], undefined],
    ["12 kB", ["Authorization", toToken({ email: account, rest: "x".repeat(9000) })], undefined],
    ["control characters", ["Authorization", toToken({ email: `a\u0000\n${account}` })], undefined],
    ["without email", ["Authorization", toToken({ sub: "1" })], "person"],
    ["a person's", ["Authorization", toToken({ email: "ada@example.com" })], "person"],
    ["none", [], undefined],
    ["a name that only the local stack believes", ["PulseCart-Caller", "checkout"], undefined],
  ];

  it.each(cases)("%s", async (_, headers, caller) => {
    const accepted = await send(running, headers, sample);
    expect(accepted.status).toBe(202);
    expect((await findAttributes(accepted.body.event_id))?.caller).toBe(caller);
    const event_id = `own-${Math.random()}`;
    const refused = await send(running, headers, { ...sample, event_id, user_id: "" });
    expect(refused.status).toBe(422);
    const findLine = () => running.logs.find((line) => line.event_id === event_id);
    const line = await vi.waitUntil(findLine, 10_000);
    expect([line.message, line.caller]).toEqual(["Event refused", caller]);
    const acceptedLine = running.logs.find((each) => each.event_id === accepted.body.event_id);
    expect(acceptedLine).not.toHaveProperty("caller");
  });

  it("64 kB are answered as without the switch", async () => {
    const headers = ["Authorization", toToken({ email: account, rest: "x".repeat(48_000) })];
    const answers = [await send(running, headers, sample), await send(open, headers, sample)];
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.status).toBe(431);
  });

  it("without the switch nobody is believed", async () => {
    const { body } = await send(open, ["Authorization", token, "PulseCart-Caller", "checkout"], sample);
    expect(await findAttributes(body.event_id)).not.toHaveProperty("caller");
  });

  it("a request that cannot be read, and one that fails, name their caller", async () => {
    await send(running, ["Authorization", token, "Content-Encoding", "x"], sample);
    const isOurs = ({ code }: Readonly<Record<string, unknown>>) => code === "unsupported_media_type";
    const lines = await vi.waitUntil(() => {
      const found = running.logs.filter(isOurs);
      return found.length === 2 && found;
    }, 10_000);
    expect(lines).toMatchObject([
      { severity: "WARNING", message: "Events refused", caller: account, count: 1 },
      { severity: "INFO", message: "Request refused", caller: account },
    ]);
    expect(lines[0]).not.toHaveProperty("event_type");
  });
});

it("10,000 callers: memory stays flat, and lines are bounded", async () => {
  const running = await start({ CALLER_IDENTITY: "iam", LOG_LEVEL: "error" });
  const sendAll = async (from: number, to: number) => {
    for (let i = from; i < to; i += 50) {
      const all = Array.from({ length: 50 }, (_, at) => ["Authorization", toToken({ email: `c${i + at}${account}` })]);
      await Promise.all(all.map((headers) => send(running, headers, { ...sample, user_id: "" })));
    }
  };
  await sendAll(0, 2000);
  const before = await running.peakMemoryMiB();
  await sendAll(2000, 10_000);
  expect((await running.peakMemoryMiB()) - before).toBeLessThan(30);
  await running.stop();
  const lines = running.logs.filter(({ message }) => message === "Events refused");
  // 64 with names, and the others' at most once a minute, and at the end.
  expect(lines.length).toBeLessThan(80);
  expect(lines.reduce((sum, { count }) => sum + Number(count), 0)).toBe(10_000);
  expect(new Set(lines.map(({ caller }) => caller)).size).toBe(65);
}, 120_000);

it("50 events in three minutes over two instances that end by SIGTERM add up to 50", async () => {
  // Their clock is sixty times as fast.
  const fast = "data:text/javascript,const n=performance.now.bind(performance);performance.now=()=>60*n()";
  const env = { CALLER_IDENTITY: "local", LOG_LEVEL: "warning" };
  const both = await Promise.all([start(env, ["--import", fast]), start(env, ["--import", fast])]);
  const caller = ["PulseCart-Caller", "checkout"];
  for (let i = 0; i < 50; i++) {
    const running = both[i % 2] as FunctionProcess;
    const event = i % 5 === 0 ? { ...sample, user_id: "" } : i % 5 === 1 ? { ...sample, payload: {} } : sample;
    await send(running, caller, event);
    // What is only checked is not counted.
    await send(running, caller, event, "/events/validate");
    await sleep(60);
  }
  await Promise.all(both.map((running) => running.stop()));
  const [accepted, refused, marked] = [
    sumOf(both, "Events accepted", "checkout"),
    sumOf(both, "Events refused", "checkout"),
    sumOf(both, "Payload differs from its schema", "checkout"),
  ];
  expect([accepted.events, refused.events, marked.events]).toEqual([40, 10, 10]);
  for (const { lines } of [accepted, refused, marked]) {
    // At least one a minute, and at most one more for the end, each of the two.
    expect(lines.length).toBeGreaterThanOrEqual(4);
    expect(lines.length).toBeLessThanOrEqual(14);
    for (const line of lines) expect(line).toMatchObject({ event_type: "order.placed", caller: "checkout" });
  }
  expect(refused.lines.map(({ paths }) => paths)).toContainEqual({ user_id: expect.any(Number) });
  expect(both.flatMap(({ logs }) => logs.filter(({ message }) => message === "Event accepted"))).toEqual([]);
});

it("the first request after a minute says what is left, whatever it is", async () => {
  const fast = "data:text/javascript,const n=performance.now.bind(performance);performance.now=()=>200*n()";
  const running = await start({ CALLER_IDENTITY: "local" }, ["--import", fast]);
  for (const name of ["a", "b"]) {
    for (let i = 0; i < 3; i++) await send(running, ["PulseCart-Caller", name], { ...sample, user_id: "" });
  }
  await sleep(700);
  expect((await fetch(`${running.url}/health`)).status).toBe(200);
  const count = () => ["a", "b"].map((name) => sumOf([running], "Events refused", name).events);
  await expect.poll(count).toEqual([3, 3]);
  await running.stop();
});

it("an instance on the platform believes no header", async () => {
  await expect(start({ CALLER_IDENTITY: "local", K_SERVICE: "commerce" })).rejects.toThrow(
    'CALLER_IDENTITY has the value "local"; allowed is one of none, iam, local (not where K_SERVICE is set).',
  );
});
