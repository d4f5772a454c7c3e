import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from "vitest";
import { runProgram } from "../common/run-program.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../pubsub/faulty-pubsub.ts";
import {
  expectAll,
  type Letter,
  ofFourUsers,
  openDeadLetters,
  redriveAll,
  toBytes,
  toId,
} from "./testing/dead-letters.ts";

const script = fileURLToPath(new URL("redrive.ts", import.meta.url));

let pubsub: FaultyPubSub;
let print: { log: () => string; error: () => string };
beforeAll(async () => {
  pubsub = await startFaultyPubSub();
  const toText = (spy: { mock: { calls: unknown[][] } }) => () => spy.mock.calls.flat().join("\n");
  const [log, error] = [vi.spyOn(console, "log"), vi.spyOn(console, "error")].map((spy) => spy.mockReturnValue());
  print = { log: toText(log as never), error: toText(error as never) };
});
afterAll(() => pubsub?.close());

const open = (letters: readonly Letter[] = []) => openDeadLetters(pubsub.endpoint, letters);

const servers = [["the embedded server"], ...(inject("hasEmulator") ? [["Google's emulator"]] : [])];

test.each(servers)("on %s each goes back as it was, with redriven, a key's in their original order", async (name) => {
  const isEmulator = name !== "the embedded server";
  const server = isEmulator ? inject("pubsub") : pubsub.endpoint;
  const letters: Letter[] = [
    { key: "schlüssel 😀", id: "late", origin: 20, redriven: "2" },
    { key: "schlüssel 😀", id: "early", origin: 10 },
    { key: "", id: "unordered" },
  ];
  const stack = await openDeadLetters(server, letters, isEmulator ? "emulator" : "embedded");
  const { redrive, published, readKept, pull, topic, subscription } = stack;
  expect(await redrive({ isDry: true })).toBe(0);
  expect(published).toEqual([]);
  expect(await redrive()).toBe(0);
  await vi.waitUntil(() => published.length === 3);
  const ofKey = published.filter(({ orderingKey }) => orderingKey === "schlüssel 😀");
  const attributes = { event_type: "order.placed", googclient_traceparent: "00-a-b-01" };
  expect(ofKey.map(({ data, attributes }) => ({ data, attributes }))).toEqual([
    { data: toBytes("early"), attributes: { ...attributes, event_id: "early", redriven: "1" } },
    { data: toBytes("late"), attributes: { ...attributes, event_id: "late", redriven: "3" } },
  ]);
  expect(await pull(subscription)).toHaveLength(3);
  expect(await readKept()).toEqual([]);
  expect(print.log()).toContain(`3 order.placed from ${subscription}, 0 min old`);
  expect(print.log()).toContain(
    `Every subscription of ${topic} gets them again: consumers drop what they have seen by its event_id.`,
  );
  expect(await redrive()).toBe(0);
});

test("what a consumer gave back ten times", async () => {
  const { redrive, admin, topic, subscription, pull } = await open();
  await admin.publish(topic, [{ data: toBytes("bad"), orderingKey: "u", attributes: { event_id: "bad" } }]);
  for (let delivery = 0; delivery < 10; delivery += 1) await pull(subscription, true);
  expect(await redrive()).toBe(0);
  const [again] = await pull(subscription);
  expect(again).toMatchObject({ data: toBytes("bad"), attributes: { event_id: "bad", redriven: "1" } });
});

test("one type alone, of the same users: the others are still there, and nothing comes back", async () => {
  const letters = ["x1", "y1", "x2", "y2"].map((id) => ({
    id,
    type: id.startsWith("x") ? "order.placed" : "payment.failed",
  }));
  const { redrive, published, readKept } = await open(letters);
  expect(await redrive({ type: "payment.failed" })).toBe(0);
  await vi.waitUntil(() => published.length === 2);
  expect(published.map(toId)).toEqual(["y1", "y2"]);
  expect((await readKept()).sort()).toEqual(["x1", "x2"]);
});

test("no more than a number, and those before a time", async () => {
  const { redrive, published, readKept } = await open(["1", "2", "3"].map((id) => ({ id, key: `u${id}` })));
  expect(await redrive({ before: Date.now() - 60_000 })).toBe(0);
  expect(await redrive({ limit: 2, before: Date.now() + 60_000 })).toBe(0);
  await vi.waitUntil(() => published.length === 2);
  expect(await readKept()).toHaveLength(1);
});

test("more of one key than Pub/Sub gives at once", async () => {
  const { redrive, admin, deadLetter, published } = await open();
  for (const id of ["1", "2", "3", "4"]) {
    const data = Buffer.from(JSON.stringify({ event_id: id, payload: "x".repeat(2_000_000) }));
    await admin.publish(deadLetter, [{ data, orderingKey: "u", attributes: { event_id: id } }]);
  }
  expect(await redrive()).toBe(0);
  await vi.waitUntil(() => published.length === 4);
  expect(published.map(toId)).toEqual(["1", "2", "3", "4"]);
});

test("what was brought back three times stays, and is named; what follows under its key goes", async () => {
  const { redrive, published, readKept } = await open([{ id: "poison", redriven: "3" }, { id: "next" }]);
  expect(await redrive()).toBe(0);
  await vi.waitUntil(() => published.length === 1);
  expect(published.map(toId)).toEqual(["next"]);
  expect(print.log()).toContain("poison (order.placed) stays: it was brought back 3 times.");
  expect(await readKept()).toEqual(["poison"]);
});

test("a key stops, the others go on, and the exit code is 1", async () => {
  const { redrive, published, readKept } = await open(ofFourUsers);
  const remove = pubsub.faults.use(({ messages: [message] }) =>
    message?.orderingKey === "b" && String(message.data).includes('"b2"')
      ? { kind: "error", code: status.UNAVAILABLE, details: "not now" }
      : undefined,
  );
  onTestFinished(remove);
  expect(await redrive()).toBe(1);
  await vi.waitUntil(() => published.length === 10);
  expect(print.error()).toContain("b2 (order.placed) stays, and what follows under its key: ");
  expect(await readKept()).toEqual(["b2", "b3"]);
});

test("half of the time, and killed again and again: nothing is lost, and each key is in order", async () => {
  const stack = await open(ofFourUsers);
  let calls = 0;
  const remove = pubsub.faults.use(({ topic }) => {
    if (!topic.includes(`/${stack.project}/`)) return undefined;
    calls += 1;
    if (calls % 4 === 1) return { kind: "error", code: status.UNAVAILABLE };
    return calls % 4 === 3 ? { kind: "lost-answer", caller: "unavailable" } : undefined;
  });
  onTestFinished(() => void remove());
  const codes = await redriveAll(stack, (run) => (run < 2 ? 16 + 3 * run : Infinity));
  expect(new Set(codes)).toEqual(new Set([0, 1, "killed"]));
  expectAll(stack.published, Infinity);
}, 60_000);

test("what it does not understand, in one line", async () => {
  const { url } = await open();
  const wrong = [["carts"], ["commerce", "--before", "yesterday"]];
  const outcomes = await Promise.all(
    wrong.map((args) => runProgram(process.execPath, [script, ...args, "--local", url], process.env)),
  );
  expect(outcomes.map(({ code, stderr }) => [code, stderr.split("\n").length])).toEqual(wrong.map(() => [2, 2]));
});
