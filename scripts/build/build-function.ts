import { readFileSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { BuildOptions, Location, Plugin } from "esbuild";
import project from "../../package.json" with { type: "json" };
import type { DefinedEvent } from "../../shared/events/domain.ts";
import type { FunctionName } from "../../shared/events/registry.ts";
import { toDeployedPackage } from "./deployed-package.ts";
import { slimClient } from "./slim-client.ts";

const root = new URL("../../", import.meta.url);

/**
 * Makes the esbuild plugin that puts what a function says of itself into its bundle: its OpenAPI document, as one string
 * that nothing parses, the package's version and the fingerprint of its contract.
 *
 * The sources that these are made from are loaded by the build and no sooner, so that one that is broken fails the
 * build, beside what esbuild itself says of it. A process that builds again after a change sees the old sources.
 *
 * @param name the function's name
 */
function contractConstants(name: string): Plugin {
  return {
    name: "contract-constants",
    async setup({ initialOptions, onStart }) {
      try {
        const { contractFingerprint } = await import("./schemas/fingerprint.ts");
        initialOptions.define = {
          ...initialOptions.define,
          OPENAPI_DOCUMENT: JSON.stringify(await printDocument(name)),
          PACKAGE_VERSION: JSON.stringify(project.version),
          CONTRACT_FINGERPRINT: JSON.stringify(contractFingerprint(name)),
        };
      } catch (error) {
        onStart(() => ({ errors: [{ text: String(error), location: findPlace(error) }] }));
      }
    },
  };
}

/** Where a source of ours threw while it was loaded. */
function findPlace(error: unknown): Partial<Location> | null {
  const frames = String((error as Error | undefined)?.stack).matchAll(/(file:\/\/[^\s()]+):(\d+):(\d+)/g);
  for (const [, url = "", line, column] of frames) {
    const file = relative(fileURLToPath(root), fileURLToPath(url));
    if (file.startsWith("..") || file.includes("node_modules")) continue;
    const [lineText = ""] = readFileSync(new URL(url), "utf8")
      .split("\n")
      .slice(Number(line) - 1);
    return { file, line: Number(line), column: Number(column) - 1, lineText };
  }
  return null;
}

async function printDocument(name: string): Promise<string> {
  const { domains } = await import("../../shared/events/registry.ts");
  const { listUnsupported } = await import("./check-payloads.ts");
  const [unsupported] = listUnsupported(domains);
  if (unsupported !== undefined) throw unsupported;
  const { toDocument } = await import("./openapi/document.ts");
  return JSON.stringify(toDocument(domains[name as keyof typeof domains]));
}

/** What is deployed beside a bundle as it stands in `cold-start/`. */
const coldStartFiles = ["index.cjs", "code-cache.cjs", "make-code-cache.cjs"];

/** The folder that is deployed as the function of this name. */
export function toStagedFolder(name: string): string {
  return fileURLToPath(new URL(`dist/${name}/`, root));
}

/**
 * The esbuild options of one function's bundle.
 *
 * CommonJS, because the Pub/Sub client's own packages are, and fail as a bundled ES module.
 *
 * @param name the function's name, such as `user-actions`
 * @param options `minify`: off for whoever reads the bundle, the local stack; `commit`: what `/health` is to say
 */
export function toBuildOptions(
  name: string,
  { minify = true, commit }: { minify?: boolean; commit?: string } = {},
): BuildOptions {
  return {
    absWorkingDir: fileURLToPath(root),
    entryPoints: [`functions/${name}.ts`],
    outfile: `dist/${name}/index.js`,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    minify,
    keepNames: false,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
    // functions-framework finds registered functions in its own copy of its registry: a bundled one would be another.
    external: ["@google-cloud/functions-framework"],
    ...(commit === undefined ? undefined : { define: { BUILT_COMMIT: JSON.stringify(commit) } }),
    plugins: [slimClient(), contractConstants(name)],
  };
}

/** Writes all that makes a package of one function's bundle: package.json, package-lock.json, and how it starts. */
export async function writeDeployedPackage(name: string): Promise<void> {
  // Loaded no sooner, so that esbuild, which says it better, meets a broken source first.
  const { domains } = await import("../../shared/events/registry.ts");
  const [event] = Object.values<DefinedEvent>(domains[name as FunctionName].events);
  if (event === undefined) throw new Error(`${name} takes no events.`);
  const [project, lock] = await Promise.all(["package.json", "package-lock.json"].map(readJson));
  const { manifest, lockfile } = toDeployedPackage(
    name,
    event.sample,
    project as Parameters<typeof toDeployedPackage>[2],
    lock as Parameters<typeof toDeployedPackage>[3],
  );
  const folder = toStagedFolder(name);
  await writeFile(`${folder}package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(`${folder}package-lock.json`, `${JSON.stringify(lockfile, null, 2)}\n`);
  for (const file of coldStartFiles) await copyFile(new URL(`cold-start/${file}`, import.meta.url), `${folder}${file}`);
}

async function readJson(name: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(name, root), "utf8"));
}
