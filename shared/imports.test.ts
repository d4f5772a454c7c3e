import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";

/** What the files of each part may import besides Node's own modules and their siblings; the order is that of a request. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  functions: ["shared/events", "shared/serve.ts"],
  "shared/serve.ts": [
    "@google-cloud/functions-framework",
    ...["config.ts", "log.ts", "stdout.ts", "identity.ts", "events", "ingest", "publish", "http"].map(
      (part) => `shared/${part}`,
    ),
  ],
  "shared/client/testing.ts": ["valibot", "shared/client", "shared/events"],
  "shared/client": ["shared/events"],
  "shared/http": [],
  "shared/ingest": [
    "valibot",
    "shared/http",
    "shared/events",
    "shared/publish",
    "shared/config.ts",
    "shared/log.ts",
    "shared/identity.ts",
    "shared/source-map.ts",
  ],
  "shared/publish": [
    "@google-cloud/pubsub",
    "google-gax",
    "@grpc/grpc-js",
    "shared/config.ts",
    "shared/events/domain.ts",
  ],
  "shared/events": ["valibot"],
  "shared/log.ts": ["shared/config.ts", "shared/stdout.ts"],
  "shared/stdout.ts": [],
  "shared/config.ts": ["valibot"],
  "shared/source-map.ts": [],
  "shared/identity.ts": [],
};

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;

const root = new URL("..", import.meta.url).pathname;
const files = globSync("{functions,shared}/**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));

function isWithin(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}/`);
}

it("looks at every part", () => {
  expect(files.length).toBeGreaterThan(25);
  for (const part of Object.keys(allowed)) expect(files.some((file) => isWithin(file, part))).toBe(true);
});

it.each(files)("%s imports only what its part may", (file) => {
  const part = Object.keys(allowed).find((candidate) => isWithin(file, candidate));
  const source = readFileSync(join(root, file), "utf8");
  for (const [, name = ""] of source.matchAll(IMPORT)) {
    if (name.startsWith("node:")) continue;
    const target = name.startsWith(".") ? normalize(join(dirname(file), name)) : name;
    const mayImport = [part ?? "", ...(allowed[part ?? ""] ?? [])].some((candidate) => isWithin(target, candidate));
    expect(mayImport, `${file} imports ${target}`).toBe(true);
  }
});

it.each(files.filter((file) => file !== "shared/config.ts"))("%s does not read the environment", (file) => {
  expect(readFileSync(join(root, file), "utf8")).not.toContain("process.env");
});

const stages = files.filter((file) => file.startsWith("shared/ingest/") && !file.endsWith("/ingest.ts"));
it.each(stages)("%s does not know the edge", (stage) => {
  expect(readFileSync(join(root, stage), "utf8")).not.toContain('"./ingest.ts"');
});

it("docs/contributing.md's map names what is there", () => {
  const map = readFileSync(join(root, "docs/contributing.md"), "utf8");
  const steps = [...map.matchAll(/`(shared\/[^`]+\.ts)`,\s+`(\w+)`/g)];
  expect(steps.length).toBeGreaterThan(8);
  for (const [, file = "", name] of steps) expect(readFileSync(join(root, file), "utf8")).toMatch(`${name}(`);
});
