import { describe, expect, it } from "vitest";
import { commerce } from "../events/commerce.ts";
import { Problem } from "../http/problem.ts";
import { type FailureCode, PublishFailure } from "../publish/failure.ts";
import { takeBatch } from "./batch.ts";
import { readContext, type Service } from "./context.ts";
import { Contract } from "./contract.ts";
import { InFlight } from "./in-flight.ts";
import { uncounted } from "./summaries.ts";

const { event_id: _, ...sample } = { event_id: undefined, ...commerce.events["order.placed"].sample };

interface Result {
  readonly status: number;
  readonly code?: string;
  readonly event_id?: string;
}

/** Takes a batch in a function whose Pub/Sub fails the users that are named after a failure's code. */
async function take(body: string, { isLines = false, key = "", inFlight = new InFlight(1000) } = {}) {
  const lines: Record<string, unknown>[] = [];
  const batches = new Set<object | undefined>();
  let messages = 0;
  const service: Service = {
    domain: commerce,
    publisher: {
      async publish({ userId, batch }) {
        batches.add(batch);
        if (userId.startsWith("usr_")) return `m${++messages}`;
        throw userId === "internal" ? new Error("a bug") : new PublishFailure(userId as FailureCode);
      },
    },
    log: { write: (severity, message, fields) => void lines.push({ severity, message, ...fields }) },
    inFlight,
    contract: new Contract(commerce, "report"),
    summaries: uncounted,
    readCaller: () => undefined,
  };
  const context = readContext({ headers: key ? { "idempotency-key": key } : {} });
  const answer = await takeBatch(service, context, { bytes: Buffer.from(body), isLines });
  if (answer instanceof Problem) return { status: answer.status, problem: answer, results: [], lines, batches };
  return { status: answer.status, results: JSON.parse(answer.body).results as Result[], lines, batches };
}

const of = (...users: string[]) => JSON.stringify(users.map((user_id) => ({ ...sample, user_id })));
const bad = { ...sample, user_id: 1 };

describe("the status of a batch", () => {
  it.each([
    [of("usr_1", "usr_2"), 202],
    [JSON.stringify([{ ...sample }, bad]), 207],
    [of("usr_1", "publish_timeout"), 207],
    [JSON.stringify([bad, {}, 1]), 422],
    [of("publish_unavailable", "publish_unavailable"), 503],
    [of("publish_timeout", "publish_timeout"), 504],
    [of("misconfigured", "internal"), 500],
    [of("publish_timeout", "publish_unavailable"), 503],
    [of("publish_timeout", "not_attempted"), 504],
    [JSON.stringify([bad, { ...sample, user_id: "publish_timeout" }]), 504],
  ])("%s is %i", async (body, status) => {
    expect((await take(body)).status).toBe(status);
  });
});

describe("the lines of a batch", () => {
  it("are one an event, whatever became of it", async () => {
    const events = [sample, bad, {}, { ...sample, user_id: "publish_timeout" }, 7];
    const { lines, results } = await take(JSON.stringify(events));
    expect(results.map(({ status }) => status)).toEqual([202, 422, 400, 504, 400]);
    expect(lines.map(({ message }) => message).sort()).toEqual([
      "Event accepted",
      "Event not published",
      "Event refused",
      "Event refused",
      "Event refused",
    ]);
  });

  it("are one an event when there is no room for all, and none is published", async () => {
    const inFlight = new InFlight(2);
    inFlight.takeOne();
    const { problem, lines, batches } = await take(of("usr_1", "usr_2"), { inFlight });
    expect(problem).toMatchObject({ code: "overloaded", retryable: true });
    expect(lines.map(({ message, code }) => [message, code])).toEqual(
      Array(2).fill(["Event not published", "overloaded"]),
    );
    expect(batches.size).toBe(0);
  });
});

describe("newline-delimited JSON", () => {
  const line = JSON.stringify(sample);
  it.each([
    ["blank lines between", `\n\r\n${line}\n \t\n${line}`, 2],
    ["a byte order mark before a line", `\ufeff${line}\n\ufeff${line}\n`, 2],
    ["a byte order mark on a line of its own", `${line}\n\ufeff\n`, 1],
  ])("with %s", async (_, body, count) => {
    const { status, results } = await take(body, { isLines: true });
    expect([status, results.length]).toEqual([202, count]);
  });

  it("of nothing but line feeds is no batch", async () => {
    await expect(take("\n".repeat(10 * 1024 * 1024), { isLines: true })).rejects.toMatchObject({
      code: "invalid_batch",
    });
  });
});

describe("the ids of a batch under an Idempotency-Key", () => {
  const a = { ...sample, user_id: "usr_a" };
  const b = { ...sample, user_id: "usr_b" };
  const idsOf = async (events: unknown[], isLines = false) => {
    const body = isLines ? events.map((event) => JSON.stringify(event)).join("\n \n") : JSON.stringify(events);
    return (await take(body, { key: "k", isLines })).results.map(({ event_id }) => event_id);
  };

  it("are the same in the rest of the batch, in another order, alone, and as lines", async () => {
    const [first, second] = await idsOf([a, b]);
    expect(await idsOf([b])).toEqual([second]);
    expect(await idsOf([b, a])).toEqual([second, first]);
    expect(await idsOf([a, b], true)).toEqual([first, second]);
  });

  it("differ among equal events, by their occurrence", async () => {
    const [first, second, third] = await idsOf([a, a, a]);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(await idsOf([b, a, bad, a])).toEqual([expect.anything(), first, undefined, second]);
  });
});

it("one batch is one object to the publisher", async () => {
  const { batches } = await take(of("usr_1", "usr_2", "usr_1"));
  expect(batches.size).toBe(1);
  expect([...batches][0]).toBeTypeOf("object");
});

it("an event_id that stands twice is refused the second time", async () => {
  const { results } = await take(
    JSON.stringify([
      { ...sample, event_id: "e" },
      { ...sample, event_id: "e" },
    ]),
  );
  expect(results.map(({ status, code }) => [status, code])).toEqual([
    [202, undefined],
    [422, "invalid_event"],
  ]);
});
