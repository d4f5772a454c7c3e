import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { toDeclarations } from "./declarations.ts";
import { toEventTypes } from "./event-types.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The folder that is published as `@pulsecart/events`. */
export const clientFolder = `${root}dist/client/`;

/**
 * Stages the client package: one module without dependencies, its types, its package.json.
 *
 * @returns bytes of the module
 */
export async function stageClient(): Promise<number> {
  // Here, not above: what is broken in the registry fails the build with esbuild's words.
  const { domains } = await import("../../../shared/events/registry.ts");
  await rm(clientFolder, { recursive: true, force: true });
  await mkdir(clientFolder, { recursive: true });
  const [{ metafile }] = await Promise.all([
    build({
      absWorkingDir: root,
      entryPoints: ["shared/client/index.ts"],
      outfile: "dist/client/index.js",
      bundle: true,
      // Of no platform, so that it runs on several; what it has of Node it imports where it is used.
      platform: "neutral",
      external: ["node:*"],
      target: "es2022",
      // A field that is only declared is no code.
      tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
      format: "esm",
      minify: true,
      legalComments: "none",
      metafile: true,
      logLevel: "error",
      plugins: [finishedMap()],
    }),
    writeDeclarations(toEventTypes(domains)),
    writePackage(),
  ]);
  return metafile.outputs["dist/client/index.js"]?.bytes ?? 0;
}

/** Puts the map of event types in the place of the registry that it is made from. */
function finishedMap(): Plugin {
  return {
    name: "finished-map",
    setup({ onLoad }) {
      onLoad({ filter: /shared\/client\/function-by-type\.ts$/ }, async () => {
        const { functionByType } = await import("../../../shared/client/function-by-type.ts");
        return { contents: `export const functionByType = new Map(${JSON.stringify([...functionByType])});` };
      });
    },
  };
}

async function writeDeclarations(events: string): Promise<void> {
  const declarations = await toDeclarations(root, "shared/client/index.ts", { events });
  for (const [name, text] of declarations) await writeFile(`${clientFolder}${name}.d.ts`, text);
}

async function writePackage(): Promise<void> {
  const { version, license } = JSON.parse(await readFile(`${root}package.json`, "utf8"));
  const manifest = {
    name: "@pulsecart/events",
    version,
    description: "Sends commerce events to the PulseCart producer: in order, again where that helps, in batches.",
    license,
    type: "module",
    sideEffects: false,
    exports: { ".": { types: "./index.d.ts", default: "./index.js" } },
    types: "./index.d.ts",
    engines: { node: ">=20" },
    files: ["*.js", "*.d.ts"],
    publishConfig: { access: "restricted" },
  };
  await writeFile(`${clientFolder}package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  await cp(`${root}docs/calling.md`, `${clientFolder}README.md`);
}
