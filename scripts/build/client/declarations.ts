import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

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
export async function toDeclarations(
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
