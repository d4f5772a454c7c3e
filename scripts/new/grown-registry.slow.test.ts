import { afterAll, expect, it } from "vitest";
import { growRegistry } from "./testing/grow-registry.ts";
import { ProjectCopy } from "./testing/project-copy.ts";

const copy = new ProjectCopy();
afterAll(() => copy.close());

it("npm test is green whatever the registry's owners change", { timeout: 900_000 }, () => {
  growRegistry(copy);
  const { code, stdout, stderr } = copy.run("npm", ["test"], 900_000);
  expect({ code, failed: stdout.match(/^.*FAIL.*$/gm) }, stderr.slice(-2000)).toEqual({ code: 0, failed: null });
});
