import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, type TestContext, vi } from "vitest";
import { connectPubSub } from "../../scripts/pubsub/client.ts";
import { startFaultyPubSub } from "../../scripts/pubsub/faulty-pubsub.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { RawHttp } from "../../scripts/testing/raw-http.ts";
import { domains } from "../../shared/events/registry.ts";

const project = "shutdown";
const { sample } = domains.commerce.events["order.placed"];

/** A function of the test's own, and a Pub/Sub server. */
async function start({ onTestFinished }: Pick<TestContext, "onTestFinished">) {
  const pubsub = await startFaultyPubSub();
  onTestFinished(() => pubsub.close());
  const admin = connectPubSub(pubsub.endpoint, project);
  await admin.createTopic(domains.commerce.topic);
  admin.close();
  const running = await startFunction("commerce", { endpoint: pubsub.endpoint, project });
  onTestFinished(async () => void (await running.stop("SIGKILL")));
  return { pubsub, running };
}

async function post(
  running: FunctionProcess,
  { agent, user_id = String(sample.user_id) }: { readonly agent?: Agent; readonly user_id?: string } = {},
): Promise<{ response: IncomingMessage; answer: unknown }> {
  const client = request(running.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    ...(agent && { agent }),
  });
  client.end(JSON.stringify({ ...sample, user_id }));
  const [response] = (await once(client, "response")) as [IncomingMessage];
  return { response, answer: JSON.parse(await text(response)) };
}

it.for(["SIGTERM", "SIGINT"] as const)("%s: ends idle at once with 0, without a word", async (signal, context) => {
  const { running } = await start(context);
  const agent = new Agent({ keepAlive: true });
  await post(running, { agent });
  const startedAt = Date.now();
  expect(await running.stop(signal)).toBe(0);
  expect(Date.now() - startedAt).toBeLessThan(3000);
  expect(running.stderr()).toBe("");
  agent.destroy();
});

// Side by side, as each is mostly waiting.
describe.concurrent("with work under way", () => {
  it("SIGTERM: those in flight get their real answer, new ones 503 with Connection: close", async (context) => {
    const { pubsub, running } = await start(context);
    await post(running);
    pubsub.faults.every(1, { kind: "delay", ms: 3000 });
    const before = pubsub.stats().publishRequests;
    // Of five users: one user's events would wait for each other.
    const inFlight = Array.from({ length: 5 }, (_, i) => post(running, { user_id: `user-${i}` }));
    await vi.waitUntil(() => pubsub.stats().publishRequests === before + 5, { timeout: 10_000 });
    const exited = running.stop("SIGTERM");
    // One that comes before the signal is accepted, and waits like the others: so none waits for another's answer.
    const statuses: unknown[] = [];
    const probe = () => post(running).then(({ response }) => statuses.push(response.statusCode));
    await vi.waitUntil(
      () => {
        probe().catch(() => {});
        return statuses.includes(503);
      },
      { timeout: 10_000 },
    );
    const { response, answer } = await post(running);
    expect(response.statusCode).toBe(503);
    expect(response.headers.connection).toBe("close");
    expect(response.headers["retry-after"]).toBeDefined();
    expect(answer).toMatchObject({ code: "shutting_down", retryable: true });
    const line = await vi.waitUntil(() => running.logs.find(({ code }) => code === "shutting_down"), {
      timeout: 10_000,
    });
    expect(line).toMatchObject({ severity: "INFO", message: "Request refused", retryable: true });
    for (const { response: late } of await Promise.all(inFlight)) {
      expect(late.statusCode).toBe(202);
      expect(late.headers.connection).toBe("close");
    }
    expect(await exited).toBe(0);
    expect(running.stderr()).toBe("");
  });

  it("SIGTERM while Pub/Sub hangs: 504 with the event id, and the end, before the platform would kill it", async (context) => {
    const { pubsub, running } = await start(context);
    await post(running);
    pubsub.faults.every(1, { kind: "hang" });
    const before = pubsub.stats().publishRequests;
    const inFlight = post(running);
    await vi.waitUntil(() => pubsub.stats().publishRequests > before, { timeout: 10_000 });
    const startedAt = Date.now();
    const exited = running.stop("SIGTERM");
    const { response, answer } = await inFlight;
    expect(response.statusCode).toBe(504);
    expect(answer).toMatchObject({
      code: "publish_timeout",
      retryable: true,
      event_id: expect.stringMatching(/^evt_/),
    });
    expect(await exited).toBe(0);
    // It gives an instance ten seconds.
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });

  it.for(["SIGTERM", "SIGINT"] as const)(
    "a second signal (%s) takes nothing from those in flight",
    async (second, context) => {
      const { pubsub, running } = await start(context);
      await post(running);
      pubsub.faults.every(1, { kind: "delay", ms: 2000 });
      const before = pubsub.stats().publishRequests;
      const inFlight = post(running);
      await vi.waitUntil(() => pubsub.stats().publishRequests > before, { timeout: 10_000 });
      const exited = running.stop("SIGTERM");
      await sleep(200);
      process.kill(running.pid, second);
      expect((await inFlight).response.statusCode).toBe(202);
      expect(await exited).toBe(0);
    },
  );

  it("SIGTERM: an upload that never ends is answered with 503 before the end", async (context) => {
    const { running } = await start(context);
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    const small = (await RawHttp.open(running.port)).write(`${head}Content-Length: 1000\r\n\r\n{`);
    const large = (await RawHttp.open(running.port)).write(`${head}Content-Length: 9000000\r\n\r\n{`);
    const timer = setInterval(() => large.write("x".repeat(50_000)), 100);
    await sleep(500);
    const exited = running.stop("SIGTERM");
    for (const client of [small, large]) {
      const { status, headers, body } = await client.response();
      expect([status, headers.connection, JSON.parse(body).code]).toEqual([503, "close", "shutting_down"]);
    }
    clearInterval(timer);
    expect(await exited).toBe(0);
    for (const client of [small, large]) client.close();
  });

  it("SIGTERM: the log line of every event is written, to a reader that is late", async (context) => {
    const { pubsub, running } = await start(context);
    await post(running);
    pubsub.faults.next(1, { kind: "delay", ms: 1000 });
    const count = 1000;
    const long = "x".repeat(100);
    const events = Array.from({ length: count }, (_, i) => JSON.stringify({ ...sample, event_id: `${i}-${long}` }));
    const client = await RawHttp.open(running.port);
    const body = events.join("\n");
    const before = pubsub.stats().publishRequests;
    client.write(
      `POST /events/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${body.length}\r\n\r\n`,
      body,
    );
    await vi.waitUntil(() => pubsub.stats().publishRequests > before, { timeout: 10_000 });
    running.setReading(false);
    const exited = running.stop("SIGTERM");
    expect((await client.response()).status).toBe(202);
    client.close();
    running.setReading(true);
    expect(await exited).toBe(0);
    const lines = () => running.logs.filter(({ event_id }) => `${event_id}`.endsWith(long)).length;
    await vi.waitUntil(() => lines() === count, { timeout: 10_000 });
  });
});
