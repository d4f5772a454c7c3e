import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Picture } from "../build/schemas/picture.ts";
import { type Contract, loadContract } from "./contract.ts";
import { PUBLISHED, WAIVERS } from "./pictures.ts";
import { parseWaivers, type Waiver } from "./waivers.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const EVENTS = "shared/events/";

/** The contract of a revision, and what it was read from. */
export interface Revision {
  readonly contract: Contract;
  /** Its waivers; none where its file cannot be read. */
  readonly waivers: readonly Waiver[];
  /** Why it was read from the committed pictures; undefined where its sources could be run. */
  readonly fault?: string;
}

/**
 * Reads the contract of a git revision, without a checkout and without a network: its sources are run, with the packages
 * that are installed now. Where they cannot be, its committed pictures are what there is.
 *
 * @param revision as git takes it: `origin/main`, `HEAD~1`
 * @throws Error in one line, when there is no such revision or it has no contract
 */
export async function readRevision(revision: string): Promise<Revision> {
  const commit = resolveCommit(revision);
  const files = git("ls-tree", "-r", "-z", "--name-only", commit, "--", EVENTS, "package.json")
    .split("\0")
    .filter(Boolean);
  const read = (file: string) => git("show", `${commit}:./${file}`);
  const pictures = files.filter((file) => file.startsWith(PUBLISHED) && file !== PUBLISHED + WAIVERS);
  const waivers = files.includes(PUBLISHED + WAIVERS) ? readKnown(read(PUBLISHED + WAIVERS)) : [];
  if (!files.includes(`${EVENTS}registry.ts`)) {
    if (pictures.length === 0)
      throw new Error(`${revision} has neither ${EVENTS}registry.ts nor pictures in ${PUBLISHED}`);
    return { contract: toContract(pictures.map(read)), waivers, fault: `it has no ${EVENTS}registry.ts` };
  }
  try {
    const sources = files.filter((file) => !file.startsWith(PUBLISHED));
    return { contract: await runSources(sources, read), waivers };
  } catch (error) {
    const [fault = ""] = (error as Error).message.split("\n");
    if (pictures.length === 0) throw new Error(`the registry of ${revision} does not work: ${fault}`);
    return { contract: toContract(pictures.map(read)), waivers, fault };
  }
}

/** A file that was wrong in the base is nobody's concern any more. */
function readKnown(json: string): readonly Waiver[] {
  try {
    return parseWaivers(json);
  } catch {
    return [];
  }
}

function resolveCommit(revision: string): string {
  try {
    return git("rev-parse", "--verify", "--end-of-options", `${revision}^{commit}`).trim();
  } catch {
    throw new Error(`git knows no revision ${JSON.stringify(revision)} here`);
  }
}

function git(...args: string[]): string {
  return execFileSync("git", args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function runSources(files: readonly string[], read: (file: string) => string): Promise<Contract> {
  const folder = mkdtempSync(join(tmpdir(), "pulsecart-contract-"));
  try {
    for (const file of files.filter((name) => !name.endsWith(".test.ts"))) {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, read(file));
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
    const registry = pathToFileURL(join(folder, EVENTS, "registry.ts"));
    return await loadContract(registry, files.includes(`${EVENTS}message.ts`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toContract(pictures: readonly string[]): Contract {
  return new Map(
    pictures.map((text) => {
      const picture = JSON.parse(text) as Picture;
      return [picture.event_type, { picture }];
    }),
  );
}
