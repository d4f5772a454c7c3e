import { cp, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { domains, type FunctionName } from "../../shared/events/registry.ts";
import { toStagedFolder } from "../build/build-function.ts";
import type { FrameworkTarget } from "../testing/spawn-function.ts";

const contendersFolder = new URL("contenders/", import.meta.url);
/** Below this package, so that its packages are found. */
const outputFolder = new URL("dist/contenders/", import.meta.url);
const functionsFolder = new URL("../../dist/bench/functions/", import.meta.url);

/** The letters by which tables and targets name the contenders. */
export type ContenderId = "a" | "b" | "c" | "d" | "e";

/** What is started: our function, with the options of Node that it is deployed with, or something else, as it comes. */
export type Program = { readonly ours: FrameworkTarget } | { readonly other: FrameworkTarget | string };

/** One of the servers that are measured beside each other. */
export interface Contender {
  readonly id: ContenderId;
  readonly name: string;
  readonly program: Program;
  /** Whether it publishes what it accepts. */
  readonly publishes: boolean;
}

/** All contenders, in the order of the tables. */
export const contenders: readonly Contender[] = [
  {
    id: "a",
    name: "no-op function",
    program: { other: { source: toOutput("noop"), entryPoint: "noop" } },
    publishes: false,
  },
  { id: "b", name: "node:http", program: { other: toOutput("node-http") }, publishes: true },
  { id: "c", name: "Fastify", program: { other: toOutput("fastify") }, publishes: true },
  {
    id: "d",
    name: "naive port",
    program: { other: { source: toOutput("naive"), entryPoint: "commerce" } },
    publishes: true,
  },
  { id: "e", name: "ours", program: toOurs("commerce"), publishes: true },
];

/** One of our functions, as it is measured. */
export function toOurs(name: FunctionName): Program {
  return { ours: { source: toMeasuredFolder(name), entryPoint: domains[name].entryPoint } };
}

/** The copy of a staged function that is measured. */
export function toMeasuredFolder(name: FunctionName): string {
  return fileURLToPath(new URL(`${name}/`, functionsFolder));
}

/** Makes ready what is measured: copies the staged functions, which a build during the run would change, and compiles. */
export async function prepareContenders(): Promise<void> {
  for (const name of ["commerce", "user-actions"] as const) {
    await rm(toMeasuredFolder(name), { recursive: true, force: true });
    await cp(toStagedFolder(name), toMeasuredFolder(name), { recursive: true });
  }
  await compileContenders();
}

/**
 * Compiles the other contenders, one file each, to CommonJS, as `tsc` would: nothing is bundled, so each loads its packages
 * from node_modules, and none pays for Node's stripping of types.
 */
async function compileContenders(): Promise<void> {
  await build({
    entryPoints: ["noop", "node-http", "fastify", "naive"].map((name) => ({
      in: fileURLToPath(new URL(`${name}.ts`, contendersFolder)),
      out: `${name}/index`,
    })),
    outdir: fileURLToPath(outputFolder),
    bundle: false,
    platform: "node",
    target: "node24",
    format: "cjs",
    logLevel: "error",
  });
  // Without a `type`, so that Node does not take them for the ES modules that this project's own package.json declares.
  await writeFile(new URL("package.json", outputFolder), "{}\n");
}

function toOutput(name: string): string {
  return fileURLToPath(new URL(`${name}/index.js`, outputFolder));
}
