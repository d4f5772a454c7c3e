import { readFileSync } from "node:fs";
import { type CallerFolder, type CallerWorld, type Environment, root } from "./caller-folder.ts";

/** One fenced block of a page. */
interface Block {
  /** Of the section that it is in; undefined above the first one. */
  readonly heading: string | undefined;
  readonly language: string;
  readonly code: string;
}

/** @returns all blocks of a page in docs/, in order */
export function readBlocks(page: string): readonly Block[] {
  const sections = readFileSync(`${root}docs/${page}`, "utf8").split(/^## /m);
  return sections.flatMap((section, i) => {
    const heading = i === 0 ? undefined : section.split("\n", 1)[0];
    const found = section.matchAll(/^```(\w+)\n(.*?)^```/gms);
    return Array.from(found, ([, language = "", code = ""]) => ({ heading, language, code }));
  });
}

/** All blocks of docs/calling.md, in order. */
export const blocks = readBlocks("calling.md");

/**
 * @param heading undefined for what is above the first one
 * @throws Error when docs/calling.md has no such block
 */
export function findBlock(heading: string | undefined, language: string, position = 0): string {
  const found = blocks.filter((block) => block.heading === heading && block.language === language)[position];
  if (found === undefined) throw new Error(`docs/calling.md has no ${language} at ${heading} (${position}).`);
  return found.code;
}

const CLIENT = "TypeScript and JavaScript";
const GENERATED = "A generated client";

/** One of the ways to call that docs/calling.md prints: what a reader saves, and runs. */
export interface DocumentedCaller {
  readonly name: string;
  /** Programs that must be there. */
  readonly needs: readonly string[];
  /** Who refuses an event without its order. */
  readonly refusedBy: "producer" | "compiler";
  /** Makes a folder ready to run it. @param url of the function, where that is asked for something */
  prepare(world: CallerWorld, url: string): Promise<CallerFolder>;
  /** Runs it. @param change what to replace in it, to make its event a bad one */
  run(folder: CallerFolder, env: Environment, change?: (code: string) => string): Promise<{ stdout: string }>;
}

async function openWithClient(world: CallerWorld): Promise<CallerFolder> {
  const folder = await world.openFolder();
  await folder.sh(findBlock(CLIENT, "sh"));
  return folder;
}

/** @returns how to run one block, saved as a file */
function runFile(name: string, program: string, code: string): DocumentedCaller["run"] {
  return async (folder, env, change = (text) => text) => {
    await folder.write(name, change(code));
    return folder.sh(`${program} ${name}`, env);
  };
}

const node = JSON.stringify(process.execPath);

const [checkGenerated = "", runGenerated = ""] = findBlock(GENERATED, "sh", 1).split(/\n(?=node )/);

export const documentedCallers: readonly DocumentedCaller[] = [
  {
    name: "the first three lines",
    needs: [],
    refusedBy: "producer",
    // As one who has no registry tries the package.
    async prepare(world) {
      const folder = await world.openFolder();
      await folder.sh(`mkdir dist && cp -R "${root}dist/client" dist && ${findBlock(undefined, "sh")}`);
      return folder;
    },
    run: runFile("send.mjs", node, findBlock(undefined, "js")),
  },
  {
    name: "TypeScript",
    needs: [],
    refusedBy: "producer",
    prepare: openWithClient,
    // It prints what went wrong, which a test wants to see as a failure.
    run: (folder, env, change = (code) => code) =>
      runFile("send.ts", node, findBlock(CLIENT, "ts"))(folder, env, (code) =>
        change(code).replaceAll("console.error(", "process.exitCode = 1, console.error("),
      ),
  },
  {
    name: "Python",
    needs: ["python3"],
    refusedBy: "producer",
    prepare: (world) => world.openFolder(),
    run: runFile("send.py", "python3", findBlock("Python", "python") + findBlock("Python", "python", 1)),
  },
  {
    name: "curl",
    needs: ["curl"],
    refusedBy: "producer",
    prepare: (world) => world.openFolder(),
    run: runFile("send.sh", "sh", findBlock("curl", "sh")),
  },
  {
    name: "the generated client",
    needs: [],
    refusedBy: "compiler",
    async prepare(world, url) {
      const folder = await world.openFolder();
      await folder.sh(findBlock(GENERATED, "sh"), { PULSECART_URL: url });
      await folder.write("send.ts", findBlock(GENERATED, "ts"));
      await folder.sh(checkGenerated);
      return folder;
    },
    async run(folder, env, change) {
      await folder.write("send.ts", change?.(findBlock(GENERATED, "ts")) ?? findBlock(GENERATED, "ts"));
      // What is unchanged has been checked.
      if (change) await folder.sh(checkGenerated);
      return folder.sh(`PATH="$(dirname ${node}):$PATH"; ${runGenerated}`, env);
    },
  },
];

/** What a reader would run to publish the package. */
export const publishCommand = `cd ${root} && ${findBlock("Publishing the package", "sh")}`;
