import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type Format, type Plugin } from "esbuild";
import { toThirdPartyNotices } from "../third-party-notices.ts";
import { toEventTypes } from "./event-types.ts";

const tsc = fileURLToPath(new URL("../../../node_modules/.bin/tsc", import.meta.url));

/**
 * Has the compiler write the declarations of modules and of all that their declarations import.
 *
 * @param root folder of the project, with its tsconfig.json
 * @param entries below `root`, in one folder
 * @param given declarations that stand in the place of a module's own, by the module's name
 * @returns declarations by module name, such as `client` for `client.ts`; they import each other by these
 * @throws Error when they need a file of another folder, which is not published
 */
async function toDeclarations(
  root: string,
  entries: readonly string[],
  given: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const folder = dirname(entries[0] as string);
  const output = await mkdtemp(join(tmpdir(), "declarations-"));
  try {
    await writeConfiguration(root, entries, output);
    await promisify(execFile)(process.execPath, [tsc, "-p", output]);
    const found = new Map<string, string>();
    for (const open = entries.map((entry) => basename(entry, ".ts")); open.length > 0; ) {
      const name = open.pop() as string;
      if (found.has(name)) continue;
      const text = given[name] ?? (await readFile(join(output, folder, `${name}.d.ts`), "utf8"));
      found.set(name, text);
      for (const [, imported = ""] of text.matchAll(/(?:from |import\()"([^"]+)"/g)) {
        const [, sibling] = /^\.\/([\w-]+)\.ts$/.exec(imported) ?? [];
        if (sibling === undefined) throw new Error(`${name}.d.ts imports ${imported}, which is not published with it.`);
        open.push(sibling);
      }
    }
    return found;
  } finally {
    await rm(output, { recursive: true });
  }
}

async function writeConfiguration(root: string, entries: readonly string[], output: string): Promise<void> {
  const configuration = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      // `npm run check` checks.
      ...{ noEmit: false, noCheck: true, declaration: true, emitDeclarationOnly: true },
      ...{ rootDir: root, outDir: output, typeRoots: [join(root, "node_modules/@types")] },
    },
    include: [],
    files: entries.map((entry) => join(root, entry)),
  };
  await writeFile(join(output, "tsconfig.json"), JSON.stringify(configuration));
}

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The folder that is published as `@pulsecart/events`. */
export const clientFolder = `${root}dist/client/`;

/** The package's entries, each made from the file of this name in shared/client/. */
const entries = ["index", "google", "testing", "read"] as const;

/** Both kinds of module, for `import` and for `require`. */
const formats: readonly { format: Format; extension: string; types: string }[] = [
  { format: "esm", extension: "js", types: "d.ts" },
  { format: "cjs", extension: "cjs", types: "d.cts" },
];

/**
 * Stages the client package: its entries without dependencies, as modules and as CommonJS, their types, its package.json.
 *
 * @returns bytes of the main entry
 */
export async function stageClient(): Promise<number> {
  // Here, not above: what is broken in the registry fails the build with esbuild's words.
  const { domains } = await import("../../../shared/events/registry.ts");
  const { version, license } = JSON.parse(await readFile(`${root}package.json`, "utf8"));
  await rm(clientFolder, { recursive: true, force: true });
  await mkdir(clientFolder, { recursive: true });
  const built = await Promise.all(
    formats.map(({ format, extension }) =>
      build({
        absWorkingDir: root,
        entryPoints: entries.map((name) => `shared/client/${name}.ts`),
        outdir: "dist/client",
        outExtension: { ".js": `.${extension}` },
        bundle: true,
        // Of no platform, so that it runs on several; what it has of Node it asks the process for.
        platform: "neutral",
        target: "es2022",
        define: { PACKAGE_VERSION: JSON.stringify(version) },
        // A field that is only declared is no code.
        tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
        format,
        // Names and lines that one can read in a stack trace: on a server nobody counts the bytes.
        keepNames: true,
        legalComments: "none",
        metafile: true,
        logLevel: "error",
        plugins: [finishedMap()],
      }),
    ),
  );
  await Promise.all([
    toEventTypes(domains).then(writeDeclarations),
    writeFile(`${clientFolder}package.json`, `${JSON.stringify(toManifest(version, license), null, 2)}\n`),
    cp(`${root}docs/calling.md`, `${clientFolder}README.md`),
    cp(`${root}LICENSE`, `${clientFolder}LICENSE`),
  ]);
  const [{ metafile }] = built as [(typeof built)[0]];
  const notices = toThirdPartyNotices(metafile, root).replace("This function", "The entry for tests");
  await writeFile(`${clientFolder}THIRD_PARTY_NOTICES.txt`, notices);
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
  const entryFiles = entries.map((name) => `shared/client/${name}.ts`);
  const declarations = await toDeclarations(root, entryFiles, { events });
  for (const { extension, types } of formats) {
    const write = (name: string, text: string) =>
      writeFile(`${clientFolder}${name}.${types}`, text.replaceAll(/(from "\.\/[\w-]+)\.ts"/g, `$1.${extension}"`));
    for (const [name, text] of declarations) await write(name, text);
  }
}

function toManifest(version: string, license: string) {
  const toExport = (name: string) => ({
    import: { types: `./${name}.d.ts`, default: `./${name}.js` },
    require: { types: `./${name}.d.cts`, default: `./${name}.cjs` },
  });
  return {
    name: "@pulsecart/events",
    version,
    description: "Sends commerce events to the PulseCart producer: in order, again where that helps, in batches.",
    license,
    type: "module",
    sideEffects: false,
    exports: {
      ".": toExport("index"),
      ...Object.fromEntries(entries.slice(1).map((name) => [`./${name}`, toExport(name)])),
      "./package.json": "./package.json",
    },
    // For what does not read `exports`.
    main: "./index.cjs",
    types: "./index.d.cts",
    engines: { node: ">=20.18" },
    files: ["*.js", "*.cjs", "*.d.ts", "*.d.cts", "THIRD_PARTY_NOTICES.txt"],
    publishConfig: { access: "restricted" },
  };
}
