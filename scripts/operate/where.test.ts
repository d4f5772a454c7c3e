import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { functionNames } from "../../shared/events/registry.ts";
import { runProgram } from "../common/run-program.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "../pubsub/embedded/server.ts";
import { openStack } from "./testing/operated-stack.ts";

const script = fileURLToPath(new URL("where.ts", import.meta.url));

let pubsub: EmbeddedPubSub;
beforeAll(async () => {
  pubsub = await startEmbeddedPubSub();
});
afterAll(() => pubsub?.close());

let stacks = 0;
async function open(endpoint = pubsub.endpoint, kind?: "emulator") {
  stacks += 1;
  const stack = await openStack(endpoint, `where-${stacks}`, kind);
  const data = Buffer.from('{"payload":{"n":9007199254740993,"secret":"s3cret"}}');
  return {
    ...stack,
    publish: async (event_id: string, more: Readonly<Record<string, string>> = {}) => {
      const attributes = { event_type: "order.placed", event_id, ...more };
      const [messageId] = await stack.admin.publish(stack.topic, [{ data, orderingKey: "u-1", attributes }]);
      return messageId as string;
    },
    run: (...args: string[]) => runProgram(process.execPath, [script, ...args, "--local", stack.url], process.env),
  };
}

/** The first word of each line that begins with a time. */
function toKinds(stdout: string): string[] {
  return [...stdout.matchAll(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}(sending|message|dead letter) /gm)].map(
    ([, kind]) => kind ?? "",
  );
}

const servers = [["the embedded server"], ...(inject("hasEmulator") ? [["Google's emulator"]] : [])];

test.each(servers)(
  "on %s refused, failed, sent again by another caller: every sending and both copies, in order",
  async (name) => {
    const isEmulator = name !== "the embedded server";
    const { run, publish, log, topic } = await (isEmulator ? open(inject("pubsub"), "emulator") : open());
    const known = { event_id: "evt.1", event_type: "order.placed" };
    log(9, {
      ...known,
      message: "Event refused",
      code: "invalid_event",
      retryable: false,
      paths: "user_id payload.total",
    });
    const failure = {
      code: "publish_timeout",
      retryable: true,
      error: "no answer",
      caller: "a@p.iam.gserviceaccount.com",
    };
    log(8, { ...known, message: "Event not published", ...failure });
    await publish("evt.1", { caller: "a@p.iam.gserviceaccount.com" });
    // The next sending began 5 ms before its line: it must not begin before this message came.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await publish("evt.1", { caller: "b@p.iam.gserviceaccount.com", payload_faults: "payload.total" });
    log(0, { ...known, message: "Event accepted", message_id: second });
    log(0, { message: "Event accepted", event_id: "evt.10", message_id: await publish("evt.10") });
    await publish("EVT.1");

    const { code, stdout, stderr } = await run("evt.1");
    expect([code, stderr]).toEqual([0, ""]);
    expect(toKinds(stdout)).toEqual(["sending", "sending", "message", "sending", "message"]);
    expect(stdout).toContain(
      "commerce (commerce-00001-abc): refused invalid_event after 5 ms at user_id, payload.total\n",
    );
    expect(stdout).toContain(
      "by a@p.iam.gserviceaccount.com: failed publish_timeout, to be sent again after 5 ms (no answer)\n",
    );
    expect(stdout).toContain(`by b@p.iam.gserviceaccount.com: accepted as message ${second} after 5 ms\n`);
    expect(stdout).toContain(`${second} on ${topic}, 52 bytes, key "u-1"`);
    expect(stdout).toContain('caller="b@p.iam.gserviceaccount.com" payload_faults="payload.total"');
    expect(stdout).toContain("2 messages are stored under this id");
    expect(stdout).toContain(`Subscriptions of ${topic}: ${topic}.default. Pub/Sub does not tell which`);
    expect(stdout).not.toMatch(/s3cret|evt\.10|EVT/);
  },
);

test("a dead letter, with whose it is and what it holds; what callers wrote does not steer the terminal", async () => {
  const { run, publish, pull, topic, subscription, listSubscriptions } = await open();
  const id = "a".repeat(128);
  await publish(id, { payload_faults: "\u001b[2J\u009b2J" });
  for (let delivery = 0; delivery < 10; delivery += 1) await pull(subscription, true);
  const { code, stdout } = await run(id, "--show");
  expect(stdout).toContain('"n":9007199254740993,"secret":"s3cret"');
  expect(stdout).toContain("u001b[2J");
  expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  expect(code).toBe(0);
  expect(toKinds(stdout)).toEqual(["message", "dead letter"]);
  expect(stdout).toContain(
    `on ${topic}.dead-letter, given up by ${subscription} after 10 deliveries, 52 bytes, key "u-1"`,
  );
  expect((await listSubscriptions()).filter((name) => name.includes("where"))).toEqual([]);
});

test("what was never sent: nowhere; and what is no id is refused", async () => {
  const { run } = await open();
  const { code, stdout } = await run("evt_never", "--since", "1h");
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/^evt_never: no sending, no message and no dead letter since \d{4}-/),
  ]);
  const wrong = [[], ['a" OR "']];
  const outcomes = await Promise.all(wrong.map((args) => run(...args)));
  expect(outcomes.map(({ code, stderr }) => [code, stderr.split("\n").length])).toEqual(wrong.map(() => [2, 2]));
});

test("broken off, it leaves no subscription behind; what was accepted and is not there, it says", async () => {
  const { run, url, log, listSubscriptions, topic } = await open();
  log(1, { message: "Event accepted", event_id: "evt_lost", message_id: "123456" });
  const child = spawn(process.execPath, [script, "evt_lost", "--local", url], { stdio: "ignore" });
  const ended = once(child, "exit");
  const list = async () => (await listSubscriptions()).filter((name) => name.includes("where"));
  await vi.waitUntil(async () => (await list()).length === 2 * functionNames.length, { timeout: 20_000 });
  child.kill("SIGINT");
  expect(await ended).toEqual([2, null]);
  expect(await list()).toEqual([]);
  const { code, stdout } = await run("evt_lost");
  expect([code, stdout]).toEqual([0, expect.stringContaining(`Accepted, and not found on ${topic}: message 123456.`)]);
});
