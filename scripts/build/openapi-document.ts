import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Plugin } from "esbuild";

const PRINT = fileURLToPath(new URL("../openapi/print.ts", import.meta.url));

/**
 * Makes the esbuild plugin that puts a function's OpenAPI document into its bundle, as one string: nothing parses it.
 *
 * The document is printed by a process of its own, as the registry that this process has loaded may be older than the
 * source: the local stack builds again and again.
 *
 * @param name the function's name
 */
export function openApiDocument(name: string): Plugin {
  return {
    name: "openapi-document",
    async setup({ initialOptions }) {
      const { stdout } = await promisify(execFile)(process.execPath, [PRINT, name], {
        maxBuffer: Number.POSITIVE_INFINITY,
      });
      initialOptions.define = { ...initialOptions.define, OPENAPI_DOCUMENT: JSON.stringify(stdout) };
    },
  };
}
