import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);

it("the callers in the README are those of docs/calling.md, which are run", async () => {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const guide = await readFile(new URL("docs/calling.md", root), "utf8");
  const section = readme.slice(readme.indexOf("### Calling it"), readme.indexOf("### What happens when"));
  const blocks = section.match(/^```\w+\n.*?^```$/gms) ?? [];
  expect(blocks.map((block) => /^```(\w+)/.exec(block)?.[1])).toEqual(["sh", "sh", "ts", "python"]);
  for (const block of blocks) expect(guide).toContain(block);
});
