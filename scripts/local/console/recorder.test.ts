import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { FaultRecipes, isRecipe } from "./fault-recipes.ts";
import type { Draft } from "./protocol.ts";
import { Recorder } from "./recorder.ts";

function toRequest(body = "{}", events = 1): Draft {
  return {
    ...{ kind: "request", at: 0, request: 1, method: "POST", path: "/", function: "commerce", headers: [], bytes: 2 },
    ...{ body, gap: "", isDry: false, isLines: false },
    events: Array.from({ length: events }, () => ({ type: "t", user: "u", id: "", order: "" })),
  } as Draft;
}

function toMessage(body = "{}"): Draft {
  return { kind: "message", at: 0, function: "commerce", body } as Draft;
}

it("holds the last 10,000 requests, with what happened between them", () => {
  const recorder = new Recorder();
  for (let index = 0; index < 25_000; index++) {
    recorder.add(toRequest());
    recorder.add(toMessage());
  }
  expect(recorder.first).toBe(30_000);
  expect(recorder.since(0, 100_000)).toHaveLength(20_001);
  expect(recorder.find(30_001)).toMatchObject({ seq: 30_001, kind: "request" });
  expect(recorder.find(29_999)).toBeUndefined();
});

it.each([
  ["Latin letters", "x".repeat(65_536), 0, 4000],
  ["others, which take twice as much", "\u20ac".repeat(65_536), 0, 2000],
  ["large batches", "{}", 1000, 900],
  ["long headers", "{}", 0, 2000, [["X-Long", "x".repeat(130_000)]]],
])("takes at most 256 MiB, of %s", (_, body, events, most, headers: unknown[] = []) => {
  const recorder = new Recorder();
  for (let index = 0; index < (events > 0 ? 1500 : 5000); index++)
    recorder.add({ ...toRequest(body, events), headers } as unknown as Draft);
  expect(recorder.bytes).toBeLessThanOrEqual(256 * 1024 * 1024);
  expect(recorder.since(0, 100_000).length).toBeGreaterThan(most * 0.9);
});

it("counts events, each by what became of it, also in a batch that was accepted in part", () => {
  const recorder = new Recorder();
  const outcomes = [202, 422, 503].map((status) => ({ status, code: "", id: "" }));
  recorder.add({ kind: "answer", function: "commerce", status: 207, body: "", outcomes } as unknown as Draft);
  recorder.add(toMessage());
  expect(recorder.counts).toEqual({ commerce: { accepted: 1, refused: 1, failed: 1, messages: 1 } });
});

it("finds a text in bodies, whatever its case, and takes it literally", () => {
  const recorder = new Recorder();
  for (const body of ["a.b", "axb", "A.B (c"]) recorder.add(toMessage(body));
  expect(recorder.search("a.b")).toEqual([1, 3]);
  expect(recorder.search("(C")).toEqual([3]);
  expect(recorder.search("a.b", 2)).toEqual([3]);
});

it("forgets all when it is cleared, and goes on counting records", () => {
  const recorder = new Recorder();
  recorder.add(toMessage());
  recorder.clear();
  expect([recorder.first, recorder.since(0, 10), recorder.counts]).toEqual([2, [], {}]);
  recorder.add(toMessage());
  expect(recorder.since(0, 10).map(({ seq }) => seq)).toEqual([2]);
});

describe("fault recipes", () => {
  const unavailable = expect.objectContaining({ kind: "error", code: status.UNAVAILABLE });

  it("fails the next three publishes of one function, and then works again", () => {
    const faults = new FaultRecipes();
    faults.choose("commerce", "next3");
    expect(faults.decide("system", "t")).toBeUndefined();
    expect([1, 2, 3, 4].map(() => faults.decide("commerce", "t"))).toEqual([
      unavailable,
      unavailable,
      unavailable,
      undefined,
    ]);
    expect(faults.active).toEqual({});
  });

  it("fails one publish in five, until told otherwise", () => {
    const faults = new FaultRecipes();
    faults.choose("commerce", "fifth");
    const decided = Array.from({ length: 10 }, () => faults.decide("commerce", "t") !== undefined);
    expect(decided.flatMap((hasFailed, index) => (hasFailed ? [index] : []))).toEqual([4, 9]);
    faults.choose("commerce", "none");
    expect(faults.active).toEqual({});
  });

  it("knows no recipe by a name that every object has", () => {
    expect(["hang", "toString", "__proto__", 1].map(isRecipe)).toEqual([true, false, false, false]);
  });
});
