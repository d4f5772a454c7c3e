import { expect, it } from "vitest";
import { deliver as deliverBy } from "./delivery.ts";
import { PublishRequest } from "./grpc/codec.ts";
import { type LineConnection, Lines } from "./lines.ts";

/** Lines whose connections answer when the test says so. */
function create() {
  /** How to answer what each connection carries, in the order of their first use. */
  const connections: (() => void)[][] = [];
  const limits: number[] = [];
  const open = (maxCalls: number): LineConnection => {
    limits.push(maxCalls);
    const calls: (() => void)[] = [];
    connections.push(calls);
    return {
      isSilent: false,
      isClosed: false,
      isAlive: async () => true,
      retire() {},
      close() {},
      async warmUp() {},
      publish: () => new Promise((resolve) => calls.push(() => resolve(["1"]))),
    };
  };
  const lines = new Lines(open);
  const deliverAs = (isBulk: boolean, ...sizes: number[]) => {
    const messages = sizes.map((size) => ({ data: Buffer.alloc(size), orderingKey: "a", attributes: {} }));
    const request = new PublishRequest("t", messages);
    return deliverBy(lines.choose(request.dataBytes, isBulk), request, performance.now() + 60_000, 3000);
  };
  const deliver = (...sizes: number[]) => deliverAs(false, ...sizes);
  const answer = (calls: (() => void)[] = []) => {
    for (const succeed of calls.splice(0)) succeed();
  };
  return { deliver, deliverAs, connections, limits, answer, answerAll: () => connections.map(answer) };
}

const KIB = 1024;

it("gives all small requests one connection, and keeps every large one off it", async () => {
  const { deliver, connections, answerAll } = create();
  const all = [
    deliver(1),
    deliver(128 * KIB),
    deliver(1, 64 * KIB),
    deliver(128 * KIB + 1),
    deliver(100 * KIB, 100 * KIB),
  ];
  expect(connections.map(({ length }) => length)).toEqual([3, 1, 1]);
  answerAll();
  await Promise.all(all);
});

it("keeps what belongs to large batches off it, too", async () => {
  const { deliver, deliverAs, connections, answerAll } = create();
  const all = [deliver(1), deliverAs(true, 1), deliverAs(true, 1), deliver(1)];
  expect(connections.map(({ length }) => length)).toEqual([2, 1, 1]);
  answerAll();
  await Promise.all(all);
});

it("spreads large requests over four connections, the next where the fewest are", async () => {
  const { deliver, connections, limits, answer, answerAll } = create();
  const all = Array.from({ length: 9 }, () => deliver(1024 * KIB));
  expect(connections.map(({ length }) => length)).toEqual([3, 2, 2, 2]);
  expect(limits).toEqual([25, 25, 25, 25]);
  answer(connections[2]);
  await Promise.all([all[2], all[6]]);
  all.push(deliver(1024 * KIB));
  expect(connections.map(({ length }) => length)).toEqual([3, 2, 1, 2]);
  answerAll();
  await Promise.all(all);
});

it("opens no second connection for large requests that come one after the other", async () => {
  const { deliver, connections, answerAll } = create();
  for (let i = 0; i < 3; i++) {
    const delivery = deliver(1024 * KIB);
    answerAll();
    await delivery;
  }
  expect(connections.length).toBe(1);
});
