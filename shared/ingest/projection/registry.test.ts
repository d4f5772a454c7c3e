import { describe, expect, it } from "vitest";
import type { Domain } from "../../events/domain.ts";
import { domains } from "../../events/registry.ts";
import { readEvent } from "../read-event.ts";
import { validateEvent } from "../validate.ts";
import { compileEvent } from "./contract.ts";
import type { Plan } from "./plan.ts";

const all = Object.values<Domain>(domains).flatMap((domain) =>
  Object.values(domain.events).map((event) => ({ domain, event })),
);

/** Every path that a fault of a payload may have, but for the indexes of arrays. */
function listPaths(plan: Plan | undefined, path: string): string[] {
  if (!plan) return [];
  const members = [...(plan.members ?? [])].flatMap(([name, member]) => listPaths(member, `${path}.${name}`));
  const items = plan.items
    ? [...plan.items.first, plan.items.rest].flatMap((item) => listPaths(item, `${path}.0`))
    : [];
  return [path, ...members, ...items];
}

describe.each(all)("the schemas of $event.type", ({ domain, event }) => {
  it("can be projected: no transforms, and each array has its maxLength", () => {
    expect(() => compileEvent(event, "registry")).not.toThrow();
  });

  it("have a payload's schema, in report mode", () => {
    expect(event.payload).toBeDefined();
    expect(event.enforce).toBe(false);
  });

  it("take the sample without a warning, whatever order its fields are in", () => {
    for (const sample of [event.sample, Object.fromEntries(Object.entries(event.sample).reverse())]) {
      const valid = validateEvent(readEvent(Buffer.from(JSON.stringify(sample)), domain));
      expect(valid.verdict.warnings).toBeUndefined();
    }
  });

  it("have paths of their own names alone, none of which is a part of another in the attribute", () => {
    const paths = listPaths(compileEvent(event, "registry").payload?.plan, "payload");
    expect(paths.length).toBeGreaterThan(1);
    for (const path of paths) expect(path).toMatch(/^payload(?:\.[a-z0-9_]+)*$/);
  });
});
