import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import type { FunctionName } from "../../shared/events/registry.ts";
import { toBuildOptions } from "../build/build-function.ts";

/** Has every event type enforce its payload's schema. */
const enforcing: Plugin = {
  name: "enforcing",
  setup({ onLoad }) {
    onLoad({ filter: /shared\/events\/domain\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = source.replace("enforce = false", "enforce = true");
      if (contents === source) throw new Error(`${path} has no default mode any more.`);
      return { contents, loader: "ts" };
    });
  },
};

/** Puts a module in the place of `shared/events/commerce.ts`. */
function instead(path: string): Plugin {
  return {
    name: "instead",
    setup: ({ onResolve }) =>
      onResolve({ filter: /\/commerce\.ts$/ }, ({ kind }) => (kind === "entry-point" ? undefined : { path })),
  };
}

interface BuiltFunction {
  /** The folder to run. */
  readonly source: string;
  remove(): Promise<void>;
}

/** Builds a function as `npm run build` does, but for its registry: every event type enforces its payload's schema. */
export function buildEnforced(name: FunctionName): Promise<BuiltFunction> {
  return buildWith(name, enforcing);
}

/**
 * Builds `commerce` as `npm run build` does, but for its event types.
 *
 * @param path of a module that exports a domain as `commerce`
 */
export function buildCommerce(path: string): Promise<BuiltFunction> {
  return buildWith("commerce", instead(path));
}

async function buildWith(name: FunctionName, plugin: Plugin): Promise<BuiltFunction> {
  const source = fileURLToPath(new URL(`../../dist/${plugin.name}-${name}-${process.pid}/`, import.meta.url));
  const options = toBuildOptions(name);
  await build({ ...options, outfile: `${source}index.js`, plugins: [plugin, ...(options.plugins ?? [])] });
  // Without one of its own, Node would take the project's package.json, which makes modules of all files.
  await writeFile(`${source}package.json`, JSON.stringify({ main: "index.js" }));
  return { source, remove: () => rm(source, { recursive: true, force: true }) };
}
