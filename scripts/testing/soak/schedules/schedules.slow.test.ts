import { describe, expect, it } from "vitest";
import { runClientSoak, runLoadSoak } from "../soak.ts";
import { judge } from "./front.ts";
import { Random } from "./random.ts";
import { runSchedule } from "./run-schedule.ts";
import { drawSchedule } from "./schedule.ts";
import { type Planned, Tally, toId } from "./tally.ts";

const clean = { lost: 0, altered: 0, outOfOrder: 0, crossed: 0, wrong: 0, unsettled: 0, findings: [] };

describe("fault schedules", { timeout: 120_000 }, () => {
  // Between them they have every kind of fault.
  it.each([3, 170, 246])("seed %i leaves every bad column at 0", async (seed) => {
    const random = new Random(seed);
    const steps = drawSchedule(random, 1500);
    const report = await runSchedule({ random, steps, durationMs: 1500, settleMs: 60_000, users: 4 });
    expect(report).toMatchObject({ ...clean, arrived: report.accepted });
    expect(report.accepted).toBeGreaterThan(0);
  });

  it("so do 200 callers while Pub/Sub fails one call in five, and all in an outage", async () => {
    const report = await runLoadSoak(5, 104);
    expect(report).toMatchObject({ ...clean, arrived: report.accepted });
    // The faults were felt: by the function, and by the callers.
    expect(report.duplicates).toBeGreaterThan(0);
    expect(report.sent).toBeGreaterThan(report.events);
  });

  it("so does the client, while a function is killed and tokens expire", async () => {
    const report = await runClientSoak(5, 104);
    expect(report).toMatchObject(clean);
    // What is given back may have arrived: its request was under way.
    expect(report.arrived).toBeGreaterThanOrEqual(report.accepted);
    expect(report.arrived).toBeLessThanOrEqual(report.accepted + report.givenBack);
    expect(report.accepted).toBeGreaterThan(0);
    expect(report.sent).toBeGreaterThan(report.accepted);
    expect(report.givenBack).toBeGreaterThan(0);
  });
});

it("has every kind of fault in the seeds of CI", () => {
  const names = [3, 170, 246].flatMap((seed) => drawSchedule(new Random(seed), 1500).map(({ name }) => name));
  const kinds = ["reset", "connections go silent", "everything silent", "nothing listens", "bytes", "frozen", "hang"];
  kinds.push("SIGTERM", "SIGKILL", "lost", "answers \\d+ ms late", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED");
  for (const kind of kinds) expect(names).toContainEqual(expect.stringMatching(kind));
});

it("draws the same for the same seed", () => {
  const draw = (seed: number) => drawSchedule(new Random(seed), 3000).map(({ atMs, name }) => `${atMs} ${name}`);
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

describe("the account of a schedule", () => {
  const event = (sequence: number): Planned => ({ kind: "good", user: 1, sequence });
  const arrival = (sequence: number, text = `body ${sequence}`) =>
    ({ data: Buffer.from(text), orderingKey: "usr_1", attributes: { event_id: toId(event(sequence)) } }) as never;

  function open(): Tally {
    const tally = new Tally();
    for (const sequence of [0, 1]) {
      tally.plan(event(sequence), `body ${sequence}`);
      tally.accept(event(sequence));
    }
    return tally;
  }

  it("finds what is lost, altered, twice and out of order", () => {
    const tally = open();
    expect(tally.balance()).toMatchObject({ accepted: 2, arrived: 0, lost: 2 });
    tally.arrive(arrival(1));
    tally.arrive(arrival(0));
    tally.arrive(arrival(0));
    expect(tally.balance()).toMatchObject({ arrived: 2, lost: 0, outOfOrder: 1, duplicates: 1, altered: 0 });
    tally.arrive(arrival(0, "other"));
    tally.arrive(arrival(9));
    expect(tally.balance()).toMatchObject({ duplicates: 1, altered: 2 });
  });
});

describe("the order across functions", () => {
  const good = (sequence: number) => toId({ kind: "good", user: 1, sequence });

  it("is broken by a later event's request that began before, and by one open to another function", () => {
    const tally = new Tally();
    tally.open([good(0)], "commerce")();
    tally.open([good(0)], "commerce")();
    tally.open([good(1), good(2)], "user-actions")();
    expect(tally.balance()).toMatchObject({ crossed: 0 });
    const end = tally.open([good(4)], "commerce");
    tally.open([good(5)], "user-actions");
    end();
    tally.open([good(3)], "user-actions");
    expect(tally.balance()).toMatchObject({ crossed: 2 });
  });
});

describe("an answer", () => {
  const answer = (status: number, members: object, retryAfter = "1") => ({
    status,
    headers: { "retry-after": retryAfter },
    body: JSON.stringify(members),
  });
  const judgeOne = (id: string, status: number, members: object) => judge([id], false, answer(status, members));

  it("is right about retryable", () => {
    expect(judgeOne("good:1:1", 202, {})).toEqual([]);
    expect(judgeOne("good:1:1", 503, { code: "overloaded", retryable: true })).toEqual([]);
    expect(judgeOne("poison:1:1", 500, { code: "publish_rejected", retryable: false })).toEqual([]);
    expect(judgeOne("invalid:1:1", 422, { code: "invalid_event" })).toEqual([]);
    const results = [{ status: 202 }, { status: 503, retryable: true }];
    expect(judge(["good:1:1", "good:1:2"], true, answer(207, { results }))).toEqual([]);
  });

  it.each([
    ["gives a good event up", "good:1:1", 500, { code: "misconfigured", retryable: false }],
    ["does not say", "good:1:1", 503, { code: "publish_unavailable" }],
    ["accepts poison", "poison:1:1", 202, {}],
    ["insists on what is invalid", "invalid:1:1", 422, { retryable: true }],
    ["gives another reason", "poison:1:1", 422, { code: "invalid_event" }],
  ])("is wrong when it %s", (_, id, status, members) => {
    expect(judgeOne(id, status, members)).toHaveLength(1);
  });

  it("is wrong without Retry-After, without JSON, and with results of other events", () => {
    const retryable = { retryable: true };
    expect(judge(["good:1:1"], false, answer(503, retryable, ""))).toHaveLength(1);
    expect(judge(["good:1:1"], false, { status: 503, headers: {}, body: "<html>" })).toHaveLength(1);
    expect(judge(["good:1:1"], true, answer(207, { results: [] }))).toHaveLength(1);
  });
});
