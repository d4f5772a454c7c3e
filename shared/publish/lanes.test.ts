import { beforeEach, describe, expect, it } from "vitest";
import { getGarbageCollector } from "../../scripts/testing/garbage-collector.ts";
import { PublishFailure } from "./failure.ts";
import type { Message } from "./grpc/codec.ts";
import { type Batch, Lanes } from "./lanes.ts";

/** Requests that have been sent, to be answered by the test. */
let sent: { readonly texts: string; succeed(): Promise<void>; fail(code?: PublishFailure["code"]): Promise<void> }[];
let lanes: Lanes;

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

beforeEach(() => {
  sent = [];
  lanes = new Lanes(
    (messages) =>
      new Promise((resolve, reject) => {
        const texts = messages.map(({ data }) => data.toString()).join(" ");
        const answer = async (give: () => void) => {
          give();
          await settle();
        };
        sent.push({
          texts,
          succeed: () => answer(() => resolve(texts.split(" ").map((text) => `id-${text}`))),
          fail: (code = "publish_unavailable") => answer(() => reject(new PublishFailure(code))),
        });
      }),
  );
});

/** @returns the outcome in one word: the message id or the failure's code */
function add(text: string, { key = "key", userId = "user", batch }: Partial<Added> = {}): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const data = Buffer.from(text);
    lanes.add({ data, orderingKey: key, attributes: {}, userId, batch, deadline: 0, resolve, reject });
  }).catch((failure: PublishFailure) => failure.code);
}

interface Added {
  readonly key: string;
  readonly userId: string;
  readonly batch: Batch | undefined;
}

const createBatch = (): Batch => ({ events: 3, failedUsers: new Set() });
const texts = () => sent.map((request) => request.texts);

describe("one ordering key", () => {
  it("has one request at a time, in order, and gathers meanwhile what comes", async () => {
    const outcomes = [add("1")];
    await settle();
    outcomes.push(...["2", "3", "4"].map((text) => add(text)));
    await settle();
    expect(texts()).toEqual(["1"]);
    await sent[0]?.succeed();
    expect(texts()).toEqual(["1", "2 3 4"]);
    await sent[1]?.succeed();
    expect(await Promise.all(outcomes)).toEqual(["id-1", "id-2", "id-3", "id-4"]);
  });

  it("has at most 100 messages, and 1 MiB of data, in one request", async () => {
    void add("first");
    await settle();
    const many = Array.from({ length: 101 }, (_, i) => `${i}`);
    for (const text of many) void add(text);
    const large = ["a", "b", "c"].map((letter) => letter.repeat(400 * 1024));
    for (const text of large) void add(text);
    for (const { succeed } of sent) await succeed();
    expect(texts().slice(1)).toEqual([
      many.slice(0, 100).join(" "),
      ["100", ...large.slice(0, 2)].join(" "),
      large.at(-1),
    ]);
  });

  it("holds up no other", async () => {
    void add("1");
    void add("2", { key: "other" });
    await settle();
    expect(texts()).toEqual(["1", "2"]);
  });

  it("goes on right after a request that failed, which fails its own messages only", async () => {
    const outcomes = [add("1"), add("2")];
    await settle();
    outcomes.push(add("3"));
    await sent[0]?.fail();
    await sent[1]?.succeed();
    expect(await Promise.all(outcomes)).toEqual(["publish_unavailable", "publish_unavailable", "id-3"]);
  });
});

describe("a batch", () => {
  it("gives up a user's later messages, and nobody else's", async () => {
    const batch = createBatch();
    const first = add("1", { batch });
    await settle();
    const outcomes = [
      first,
      add("2", { batch }),
      add("3", { batch, userId: "another" }),
      add("4", { batch: createBatch() }),
      add("5"),
    ];
    await sent[0]?.fail();
    expect(texts()).toEqual(["1", "3 4 5"]);
    await sent[1]?.succeed();
    expect(await Promise.all(outcomes)).toEqual(["publish_unavailable", "not_attempted", "id-3", "id-4", "id-5"]);
  });
});

describe("a request that is refused for one of its messages", () => {
  it("is sent message by message, in order: only the bad one is refused, and its user's later ones given up", async () => {
    const batch = createBatch();
    const outcomes = [
      add("1", { batch, userId: "a" }),
      add("2", { batch, userId: "bad" }),
      add("3", { batch, userId: "bad" }),
    ];
    await settle();
    outcomes.push(add("4", { batch, userId: "bad" }), add("5", { batch, userId: "a" }));
    await sent[0]?.fail("publish_rejected");
    expect(texts()).toEqual(["1 2 3", "1"]);
    await sent[1]?.succeed();
    await sent[2]?.fail("publish_rejected");
    await sent[3]?.succeed();
    expect(texts()).toEqual(["1 2 3", "1", "2", "5"]);
    expect(await Promise.all(outcomes)).toEqual(["id-1", "publish_rejected", "not_attempted", "not_attempted", "id-5"]);
  });

  it("goes on with a user's next message where each is a request of its own", async () => {
    const outcomes = [add("1"), add("2"), add("3")];
    await settle();
    await sent[0]?.fail("publish_rejected");
    await sent[1]?.fail("publish_rejected");
    await sent[2]?.succeed();
    await sent[3]?.succeed();
    expect(await Promise.all(outcomes)).toEqual(["publish_rejected", "id-2", "id-3"]);
  });

  it("is not sent again when it has one message, or the fault is the set-up's", async () => {
    const outcome = add("1");
    await settle();
    await sent[0]?.fail("publish_rejected");
    expect(await outcome).toBe("publish_rejected");
    const both = [add("2"), add("3")];
    await settle();
    await sent[1]?.fail("misconfigured");
    expect(await Promise.all(both)).toEqual(["misconfigured", "misconfigured"]);
    expect(sent.length).toBe(2);
  });
});

const MESSAGE_BYTES = 8000;
const WAVES = 100;
const KEYS = 100;

// V8's minor collections take nothing that a table of a Map still holds once a larger table has replaced it.
it("leaves nothing of a message that is answered to a major garbage collection", async () => {
  const collectGarbage = getGarbageCollector();
  const answering = new Lanes(async (messages: readonly Message[]) => messages.map(() => "1"));
  const publish = (orderingKey: string) =>
    new Promise((resolve, reject) => {
      // Text of its own, as text is on the heap: the bytes of buffers are not.
      const attributes = { text: Buffer.alloc(MESSAGE_BYTES, "x").toString("latin1") };
      const data = Buffer.alloc(0);
      answering.add({ data, orderingKey, attributes, userId: "u", batch: undefined, deadline: 0, resolve, reject });
    });
  collectGarbage();
  for (let wave = 0; wave < WAVES; wave++) {
    await Promise.all(Array.from({ length: KEYS }, (_, i) => publish(`${wave % 3}-${i}`)));
    collectGarbage({ type: "minor" });
  }
  collectGarbage({ type: "minor" });
  const before = process.memoryUsage().heapUsed;
  collectGarbage();
  const retained = before - process.memoryUsage().heapUsed;
  expect(retained).toBeLessThan((WAVES * KEYS * MESSAGE_BYTES) / 20);
});
