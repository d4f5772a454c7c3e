import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { partNames } from "./part-names.ts";
import { renewTables } from "./renew-tables.ts";

describe("the tables of a page", () => {
  it("are exchanged between their part's marks, and nothing else is", () => {
    const page =
      "a\n<!-- bench:cpu -->\nold\n<!-- bench:cpu end -->\nb\n<!-- bench:cold -->\n<!-- bench:cold end -->\n";
    expect(renewTables(page, "cpu", "| new |")).toBe(page.replace("\nold\n", "\n\n| new |\n\n"));
  });

  it("have a place", () => {
    expect(() => renewTables("", "cpu", "")).toThrow("no place for cpu");
  });

  it.each(partNames)("have one for %s in docs/performance.md", (part) => {
    const page = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8");
    expect(renewTables(page, part, "| new |")).toContain("| new |");
  });
});
