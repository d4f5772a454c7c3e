import { expect, it } from "vitest";
import { InFlight } from "./in-flight.ts";

it("takes a batch as a whole, also one above the limit where nothing else is in flight", () => {
  const inFlight = new InFlight(10);
  expect(inFlight.takeBatch(20)).toBe(true);
  expect(inFlight.takeBatch(1)).toBe(false);
  for (let i = 0; i < 20; i++) inFlight.release(true);
  expect(inFlight.takeBatch(10)).toBe(true);
});

it("takes single events while batches take all of the limit, but not any number of them", () => {
  const inFlight = new InFlight(20);
  expect(inFlight.takeBatch(20)).toBe(true);
  expect([inFlight.takeOne(), inFlight.takeOne(), inFlight.takeOne()]).toEqual([true, true, false]);
  inFlight.release(false);
  expect(inFlight.takeOne()).toBe(true);
});

it("takes single events up to the limit where there is no batch", () => {
  const inFlight = new InFlight(3);
  expect([inFlight.takeOne(), inFlight.takeOne(), inFlight.takeOne(), inFlight.takeOne()]).toEqual([
    ...[true, true, true],
    false,
  ]);
  expect(inFlight.takeBatch(1)).toBe(false);
});
