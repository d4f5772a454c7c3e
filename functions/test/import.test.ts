import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { toStagedFolder } from "../../scripts/build/build-function.ts";
import { domains } from "../../shared/events/registry.ts";

const root = new URL("../..", import.meta.url).pathname;

/** Imports a module in a process without any configuration, and tells what it exports and what it loaded. */
function importElsewhere(path: string): { exports: string[]; loaded: string[] } {
  const script = `
    const { createRequire } = await import("node:module");
    const module = await import(${JSON.stringify(path)});
    console.log(JSON.stringify({ exports: Object.keys(module), loaded: Object.keys(createRequire("/").cache) }));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { PATH: process.env.PATH },
    cwd: root,
    encoding: "utf8",
  });
  return JSON.parse(output);
}

it.each(Object.values(domains))(
  "functions/$name.ts is imported without configuration, client or credentials",
  (domain) => {
    const { exports, loaded } = importElsewhere(`${root}functions/${domain.name}.ts`);
    expect(exports).toEqual([domain.entryPoint]);
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded.filter((path) => /pubsub|google-gax|google-auth|grpc/.test(path))).toEqual([]);
  },
);

it.each(Object.values(domains))("so is the bundle of $name", (domain) => {
  expect(importElsewhere(`${toStagedFolder(domain.name)}index.js`).exports).toContain(domain.entryPoint);
});

it.each(Object.values(domains))("so is what is deployed of $name", (domain) => {
  const script = `console.log(Object.keys(require(${JSON.stringify(toStagedFolder(domain.name))})).join())`;
  const output = execFileSync(process.execPath, ["-e", script], { env: { PATH: process.env.PATH }, encoding: "utf8" });
  expect(output.trim()).toBe(domain.entryPoint);
});
