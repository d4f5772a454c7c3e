import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { commerce } from "../events/commerce.ts";
import { takeBatch } from "./batch.ts";
import { readContext, type Service } from "./context.ts";
import { Contract } from "./contract.ts";
import { dryRun } from "./dry-run.ts";
import { takeEvent } from "./event.ts";
import { InFlight } from "./in-flight.ts";
import { uncounted } from "./summaries.ts";
import { TimeSlice } from "./time-slice.ts";

const MIB = 1024 * 1024;
const event = { event_type: "order.placed", user_id: "u", order_id: "o" };
const service: Service = {
  domain: commerce,
  publisher: { publish: async () => "m" },
  log: { write() {} },
  inFlight: new InFlight(10_000),
  contract: new Contract(commerce, "report"),
  summaries: uncounted,
  readCaller: () => undefined,
};
const context = readContext({ headers: {} });

const nextRound = () => new Promise((resolve) => setImmediate(resolve));

it("is given to one request in each round of the event loop, in the order in which they asked", async () => {
  const taken: number[] = [];
  for (const i of [1, 2, 3]) void new TimeSlice().next().then(() => taken.push(i));
  await nextRound();
  expect(taken).toEqual([1]);
  await nextRound();
  expect(taken).toEqual([1, 2]);
  await nextRound();
  expect(taken).toEqual([1, 2, 3]);
});

describe("a large request", () => {
  // Whoever looks at this clock finds that its turn is over: the rounds are the places where others get theirs.
  beforeEach(() => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      now += 1000;
      return now;
    });
  });
  afterEach(() => vi.restoreAllMocks());

  /** @returns how many rounds of the event loop passed until the answer, and its status */
  async function countRounds(answering: Promise<{ readonly status: number }>) {
    let answer: { readonly status: number } | undefined;
    const note = (value: { readonly status: number }) => {
      answer = value;
    };
    void answering.then(note, note);
    let rounds = 0;
    for (; !answer; rounds++) await nextRound();
    return { rounds, status: answer.status };
  }

  const fill = (part: string) =>
    Array(Math.floor(MIB / (part.length + 1)))
      .fill(part)
      .join(",");
  const payloadLast = (payload: string) => `${JSON.stringify(event).slice(0, -1)},"payload":${payload}}`;
  const payloadFirst = (payload: string) => `{"payload":${payload},${JSON.stringify(event).slice(1)}`;
  const nested = `{"items":1,"items":[{"product_id":1,"product_id":[${fill("1")}]}]}`;

  it.each([
    ["tiny values", payloadLast(`{"a":[${fill("1")}]}`), 202],
    ["tiny values before the type", payloadFirst(`{"a":[${fill("1")}]}`), 202],
    ["a member of the payload a million times", payloadLast(`{${fill('"total":1')}}`), 202],
    ["the envelope's members", payloadLast(`{},${fill('"x":1')}`), 202],
    ["a million items", payloadLast(`{"items":[${fill("{}")}]}`), 202],
    ["members that are repeated at every level", `{"payload":1,${payloadFirst(nested).slice(1)}`, 422],
    ["brackets", "[".repeat(MIB), 400],
  ])("as one event: %s", async (_, text, status) => {
    const bytes = Buffer.from(text);
    const found = await countRounds(takeEvent(service, context, { bytes, isLines: false }));
    expect(found.status).toBe(status);
    // At least one in 64 KiB.
    expect(found.rounds).toBeGreaterThan(bytes.length / (64 * 1024));
    const dry = await countRounds(dryRun(service, context, { bytes, isLines: false }));
    expect(dry.rounds).toBeGreaterThan(bytes.length / (64 * 1024));
  });

  it.each([
    ["one event of an array", `[${payloadFirst(`{"a":[${fill("1")}]}`)}]`, false, 16],
    ["one event of lines", payloadFirst(`{"a":[${fill("1")}]}`), true, 16],
    ["an entry that is one too many", `[${"{},".repeat(1000)}[${fill("1")}]]`, false, 16],
    ["what is no array", payloadFirst(`{"a":[${fill("1")}]}`), false, 16],
    ["line feeds", "\n".repeat(10 * MIB), true, 30],
    ["1,000 events, each read and checked", `${payloadLast("{}")}\n`.repeat(1000), true, 2000],
    ["1,000 that are refused, each with its line", "{}\n".repeat(1000), true, 2000],
  ])("as a batch: %s", async (_, text, isLines, rounds) => {
    const found = await countRounds(takeBatch(service, context, { bytes: Buffer.from(text), isLines }));
    expect(found.rounds).toBeGreaterThanOrEqual(rounds);
  });
});
