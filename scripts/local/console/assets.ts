import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** A file that the console's pages consist of. */
export interface Asset {
  readonly type: string;
  readonly content: Uint8Array;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

const here = fileURLToPath(new URL("./", import.meta.url));
const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

const files = new Map([
  ["/", join(here, "client/index.html")],
  ["/docs", join(here, "docs/index.html")],
  ["/docs/docs.js", join(here, "docs/docs.js")],
  ["/docs/docs.css", join(here, "docs/docs.css")],
  ["/docs/swagger-ui.css", join(swagger, "swagger-ui.css")],
  ["/docs/swagger-ui-bundle.js", join(swagger, "swagger-ui-bundle.js")],
]);

type Bundle = ReadonlyMap<string, Asset>;

/** The files of the console and of the API reference, by path; the console's own are built when first asked for. */
export class Assets {
  #bundle: Promise<Bundle> | undefined;

  /** Has the next reader get the console as the sources are then: it holds the registry. */
  refresh(): void {
    this.#bundle = undefined;
  }

  /**
   * @returns undefined when there is no such file
   * @throws Error when the console's sources cannot be built
   */
  async read(path: string): Promise<Asset | undefined> {
    const file = files.get(path);
    if (file !== undefined) return toAsset(file, await readFile(file));
    if (!path.startsWith("/console/")) return undefined;
    return (await this.#build()).get(path);
  }

  /**
   * @returns the same for as long as the console's own files are
   * @throws Error when they cannot be built
   */
  async readVersion(): Promise<string> {
    const hash = createHash("sha256");
    for (const { content } of (await this.#build()).values()) hash.update(content);
    return hash.digest("hex");
  }

  #build(): Promise<Bundle> {
    this.#bundle ??= bundleConsole();
    return this.#bundle;
  }
}

async function bundleConsole(): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: { app: join(here, "client/main.tsx") },
    outdir: "/console",
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "silent",
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, toAsset(path, contents)]));
}

function toAsset(path: string, content: Uint8Array): Asset {
  return { type: types[extname(path)] ?? "application/octet-stream", content };
}
