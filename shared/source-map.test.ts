import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { toStagedFolder } from "../scripts/build/build-function.ts";
import { readStack } from "./source-map.ts";

const bundle = `${toStagedFolder("commerce")}index.js`;

it("names sources and their lines for frames of a bundle", () => {
  // Where the minified bundle holds this text of ingest.ts, an error is thrown on the platform.
  const text = "This path takes ";
  const lines = readFileSync(bundle, "utf8").split("\n");
  const line = lines.findIndex((candidate) => candidate.includes(text));
  const error = new Error("broken");
  error.stack = `Error: broken\n    at x (${bundle}:${line + 1}:${(lines[line]?.indexOf(text) ?? 0) + 1})`;
  const source = readFileSync(new URL("ingest/ingest.ts", import.meta.url), "utf8").split("\n");
  const sourceLine = source.findIndex((candidate) => candidate.includes(text)) + 1;
  expect(readStack(error)).toMatch(new RegExp(`at x \\(.*shared/ingest/ingest\\.ts:${sourceLine}:\\d+\\)$`));
});

it("leaves other frames, and what is no error, as they are", () => {
  const error = new Error("broken");
  expect(readStack(error)).toBe(error.stack);
  expect(readStack("text")).toBe("text");
});
