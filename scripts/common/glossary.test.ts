import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { glossary } from "./glossary.ts";

it("stands in the documents word for word", async () => {
  const rows = Object.entries(glossary).map(([word, meaning]) => `| ${word} | ${meaning} |\n`);
  const operations = await readFile(new URL("../../docs/operations.md", import.meta.url), "utf8");
  expect(operations).toContain(`| word | means |\n|---|---|\n${rows.join("")}`);
});
