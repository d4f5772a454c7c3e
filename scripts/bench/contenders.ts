import { cp, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { domains, type FunctionName } from "../../shared/events/registry.ts";
import { toStagedFolder } from "../build/build-function.ts";
import { runProgram } from "../common/run-program.ts";
import type { FrameworkTarget } from "../testing/spawn-function.ts";

const contendersFolder = new URL("contenders/", import.meta.url);
/** Below this package, so that its packages are found. */
const outputFolder = new URL("dist/contenders/", import.meta.url);
const UNCACHED = "commerce-without-cache";
const functionsFolder = new URL("../../dist/bench/functions/", import.meta.url);

/** The letters by which tables and targets name the contenders. */
export type ContenderId = "a" | "b" | "c" | "d" | "e" | "f" | "g" | "h";

/** What is started: our function, with the options of Node that it is deployed with, or something else, as it comes. */
export type Program = { readonly ours: FrameworkTarget } | { readonly other: FrameworkTarget | string };

/** One of the servers that are measured beside each other. */
export interface Contender {
  readonly id: ContenderId;
  readonly name: string;
  readonly program: Program;
  /** Whether it publishes what it accepts. */
  readonly publishes: boolean;
  /** Whether it publishes as in production: over TLS, with a token. The others do over a plain connection. */
  readonly isSecure?: boolean;
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
  { id: "f", name: "floor", program: { other: toOutput("floor") }, publishes: true },
  { id: "g", name: "ours, TLS to Pub/Sub", program: toOurs("commerce"), publishes: true, isSecure: true },
];

/** Ours where the platform could not make the code cache: a cold start alone shows a difference. */
export const uncached: Contender = {
  id: "h",
  name: "ours without its code cache",
  program: { ours: { source: toFolder(UNCACHED), entryPoint: domains.commerce.entryPoint } },
  publishes: true,
};

/** One of our functions, as it is measured. */
export function toOurs(name: FunctionName): Program {
  return { ours: { source: toMeasuredFolder(name), entryPoint: domains[name].entryPoint } };
}

/** The copy of a staged function that is measured. */
export function toMeasuredFolder(name: FunctionName): string {
  return toFolder(name);
}

function toFolder(name: string): string {
  return fileURLToPath(new URL(`${name}/`, functionsFolder));
}

/**
 * Makes ready what is measured: copies the staged functions, which a build during the run would change, makes their code
 * caches as the platform does, and compiles the others.
 */
export async function prepareContenders(): Promise<void> {
  await rm(functionsFolder, { recursive: true, force: true });
  await cp(toStagedFolder("commerce"), toFolder(UNCACHED), { recursive: true });
  for (const name of ["commerce", "user-actions"] as const) {
    await cp(toStagedFolder(name), toMeasuredFolder(name), { recursive: true });
    const { stdout } = await runProgram(process.execPath, ["--run", "gcp-build"], process.env, toMeasuredFolder(name));
    // It never fails by itself.
    if (!stdout.includes("The code cache is made")) throw new Error(`The code cache of ${name} could not be made.`);
  }
  await compileContenders();
}

/**
 * Compiles the other contenders, one file each, to CommonJS, as `tsc` would: nothing is bundled, so each loads its packages
 * from node_modules, and none pays for Node's stripping of types.
 */
async function compileContenders(): Promise<void> {
  await build({
    entryPoints: ["noop", "node-http", "fastify", "naive", "floor"].map((name) => ({
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
