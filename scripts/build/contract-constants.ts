import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Location, Plugin } from "esbuild";
import project from "../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Makes the esbuild plugin that puts what a function says of itself into its bundle: its OpenAPI document, as one string
 * that nothing parses, the package's version and the fingerprint of its contract.
 *
 * The sources that these are made from are loaded by the build and no sooner, so that one that is broken fails the
 * build, beside what esbuild itself says of it. A process that builds again after a change sees the old sources.
 *
 * @param name the function's name
 */
export function contractConstants(name: string): Plugin {
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
    const file = relative(root, fileURLToPath(url));
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
