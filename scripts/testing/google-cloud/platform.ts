import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "../../common/free-port.ts";
import { spawnFunction } from "../spawn-function.ts";
import { readZip } from "./read-zip.ts";

/** A function as the platform runs it: installed from the uploaded archive and nothing else. */
export interface PlatformProcess {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Does what the platform does with an upload: unpacks it, installs with `npm ci`, runs the package's `gcp-build`, and starts functions-framework.
 *
 * @param archive the uploaded zip
 * @param entryPoint the function's export
 * @param environment the variables of the deployed function
 */
export async function startAsPlatform(
  archive: Buffer,
  entryPoint: string,
  environment: Readonly<Record<string, string>>,
): Promise<PlatformProcess> {
  const folder = await mkdtemp(join(tmpdir(), "platform-"));
  for (const [name, bytes] of readZip(archive)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  await run(folder, "npm", ["ci", "--omit=dev", "--no-audit", "--no-fund"]);
  await run(folder, "npm", ["run", "gcp-build"]);

  const port = await findFreePort();
  const child = spawnFunction({ source: folder, entryPoint }, { port, env: environment, stdio: "inherit" });
  const ended = once(child, "close");
  const close = async () => {
    child.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntilServing(url, () => child.exitCode === null);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

async function run(cwd: string, program: string, args: readonly string[]): Promise<void> {
  const [code] = await once(spawn(program, args, { cwd, stdio: ["ignore", "ignore", "inherit"] }), "close");
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} exited with ${code}`);
}

async function waitUntilServing(url: string, isAlive: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && isAlive()) {
    const response = await fetch(`${url}/health`).catch(() => undefined);
    if (response !== undefined) return;
    await sleep(50);
  }
  throw new Error(`nothing serves at ${url}`);
}
