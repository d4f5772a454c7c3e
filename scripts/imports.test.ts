import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g;

const folder = fileURLToPath(new URL(".", import.meta.url));
const files = globSync("**/*.{ts,tsx}", { cwd: folder, exclude: ["**/node_modules/**", "**/dist/**"] })
  .map((file) => file.replaceAll("\\", "/"))
  // Tests may use whatever helps them.
  .filter((file) => !/\.test\.tsx?$/.test(file));

/** The files that a file of `scripts/` imports, those outside it left out, by their paths within it. */
function listImports(file: string): string[] {
  const source = readFileSync(join(folder, file), "utf8");
  return [...source.matchAll(IMPORT)]
    .map(([, name = ""]) => normalize(join(dirname(file), name)).replaceAll("\\", "/"))
    .filter((target) => !target.startsWith(".."));
}

const toFolder = (file: string) => file.split("/")[0] as string;

/** For each folder, which others it imports. */
const graph = new Map<string, Set<string>>();
for (const file of files) {
  const imported = graph.get(toFolder(file)) ?? new Set();
  for (const target of listImports(file)) if (toFolder(target) !== toFolder(file)) imported.add(toFolder(target));
  graph.set(toFolder(file), imported);
}

/** @returns the way back from a folder to itself, or undefined */
function findCycle(start: string, path: readonly string[] = [start]): readonly string[] | undefined {
  for (const next of graph.get(path.at(-1) as string) ?? []) {
    if (next === start) return [...path, next];
    const cycle = path.includes(next) ? undefined : findCycle(start, [...path, next]);
    if (cycle) return cycle;
  }
  return undefined;
}

it("knows the folders", () => {
  expect([...graph.keys()]).toEqual(expect.arrayContaining(["bench", "build", "deploy", "local", "pubsub", "testing"]));
  expect(graph.get("testing")).toContain("build");
});

it.each([...graph.keys()])("%s imports no folder that imports it", (name) => {
  expect(findCycle(name)?.join(" → ")).toBeUndefined();
});

it("nothing but the bench imports the bench", () => {
  const importers = [...graph].filter(([, imported]) => imported.has("bench")).map(([name]) => name);
  expect(importers).toEqual([]);
});

it.each(files.filter((file) => file.startsWith("bench/parts/")))("%s imports no other part", (file) => {
  expect(listImports(file).filter((target) => target.startsWith("bench/parts/"))).toEqual([]);
});
