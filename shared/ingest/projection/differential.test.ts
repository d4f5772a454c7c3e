import fc from "fast-check";
import type * as v from "valibot";
import { expect, it } from "vitest";
import { anyJson } from "../../../scripts/testing/payloads/any-json.ts";
import { anySchema } from "../../../scripts/testing/payloads/any-schema.ts";
import { createRandom, writeFitting } from "../../../scripts/testing/payloads/fitting-json.ts";
import { listReferencePaths } from "../../../scripts/testing/payloads/reference.ts";
import { compile, UnsupportedSchema } from "./compile.ts";
import { judge } from "./faults.ts";
import { Projector, toRoute } from "./project.ts";

function listPaths(schema: v.GenericSchema, text: string): string[] {
  const compiled = compile(schema, "payload");
  const projector = new Projector(Buffer.from(text));
  const value = projector.project(0, toRoute(compiled.plan), 1);
  expect(projector.end).toBe(Buffer.byteLength(text));
  return [...(judge(compiled, value, "payload")?.keys() ?? [])];
}

// Where the contract wants something else, the reference of a schema says what, on valibot's side.
it("gives the verdict and the paths that valibot gives of JSON.parse", () => {
  const counts = { unsupported: 0, right: 0, wrong: 0 };
  fc.assert(
    fc.property(anySchema, fc.array(anyJson, { maxLength: 6 }), fc.integer(), ({ own, reference }, all, seed) => {
      const random = createRandom(seed);
      for (const text of [...Array.from({ length: 8 }, () => writeFitting(own, random)), ...all]) {
        let paths: string[];
        try {
          paths = listPaths(own, text);
        } catch (error) {
          if (!(error instanceof UnsupportedSchema)) throw error;
          counts.unsupported++;
          return;
        }
        const expected = listReferencePaths(reference, text);
        counts[expected.length === 0 ? "right" : "wrong"]++;
        expect(paths, text.slice(0, 1000)).toEqual(expected);
      }
    }),
    { numRuns: 1500 },
  );
  expect(counts.right).toBeGreaterThan(700);
  expect(counts.wrong).toBeGreaterThan(700);
  expect(counts.unsupported).toBeLessThan(300);
});
