import { copyFile, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { BuildOptions } from "esbuild";
import type { DefinedEvent } from "../../shared/events/domain.ts";
import type { FunctionName } from "../../shared/events/registry.ts";
import { contractConstants } from "./contract-constants.ts";
import { toDeployedPackage } from "./deployed-package.ts";
import { slimClient } from "./slim-client.ts";

const root = new URL("../../", import.meta.url);

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
