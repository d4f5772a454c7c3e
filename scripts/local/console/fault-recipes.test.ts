import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import { FaultRecipes, isRecipe } from "./fault-recipes.ts";

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
