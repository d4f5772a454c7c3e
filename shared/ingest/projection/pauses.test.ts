import fc from "fast-check";
import { expect, it } from "vitest";
import { PAUSED } from "../json.ts";
import type { Plan } from "./plan.ts";
import { NOTHING } from "./plan.ts";
import { Projector, toRoute } from "./project.ts";
import { Projected } from "./projected.ts";

/** Pauses wherever it can. */
class HaltingProjector extends Projector {
  start(): this {
    this.pauseAfter(0);
    return this;
  }

  protected override pauseAfter(at: number): void {
    this.pauseAt = at;
  }
}

/** Objects and arrays within each other, at every level read in part. */
function toPlan(depth: number): Plan {
  if (depth === 0) return { ...NOTHING, text: 3, isRead: true, isNumber: true };
  const inner = toPlan(depth - 1);
  return {
    ...inner,
    members: new Map([
      ["a", inner],
      ["b", NOTHING],
      ["c", inner],
    ]),
    items: { limit: 3, first: [inner], rest: inner },
  };
}
const route = toRoute(toPlan(3));

/** JSON as text, since an object of JavaScript has no member twice. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom("1", "true", "null", '"a"', '"a long text"', "{}", "[]", '"\\ud800"'),
    fc.array(tie("json"), { maxLength: 6 }).map((items) => `[${items.join(" , ")}]`),
    fc
      .array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), tie("json")), { maxLength: 6 })
      .map((members) => `{ ${members.map(([name, value]) => `"${name}" : ${value}`).join(",")} }`),
  ),
}));

function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  return value instanceof Projected ? { at: value.at, values: value.values.map(toPlain) } : value;
}

it("a scan that pauses wherever it can reads what one without a pause reads", () => {
  let pauses = 0;
  fc.assert(
    fc.property(json, fc.constantFrom("", " ", ",", "]"), (text, rest) => {
      const bytes = Buffer.from(text + rest);
      const whole = new Projector(bytes);
      const expected = toPlain(whole.project(0, route, 1));
      const halting = new HaltingProjector(bytes).start();
      let value = halting.project(0, route, 1);
      for (; halting.end === PAUSED; pauses++) value = halting.resume();
      expect([toPlain(value), halting.end, halting.unfit]).toEqual([expected, whole.end, whole.unfit]);
    }),
    { numRuns: 2000 },
  );
  expect(pauses).toBeGreaterThan(2000);
});
