import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inflateRawSync } from "node:zlib";
import { findFreePort } from "../../common/free-port.ts";
import { spawnFunction } from "../spawn-function.ts";

/**
 * Reads the files of a zip archive by its central directory.
 *
 * @returns their bytes by name; without folders
 */
export function readZip(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  let entry = archive.readUInt32LE(archive.lastIndexOf("PK\x05\x06", undefined, "latin1") + 16);
  while (archive.toString("latin1", entry, entry + 4) === "PK\x01\x02") {
    const isDeflated = archive.readUInt16LE(entry + 10) === 8;
    const compressedSize = archive.readUInt32LE(entry + 20);
    const nameLength = archive.readUInt16LE(entry + 28);
    const tailLength = archive.readUInt16LE(entry + 30) + archive.readUInt16LE(entry + 32);
    const local = archive.readUInt32LE(entry + 42);
    const name = archive.toString("utf8", entry + 46, entry + 46 + nameLength);
    // The local header repeats the name and has extra fields of its own.
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const bytes = archive.subarray(start, start + compressedSize);
    if (!name.endsWith("/")) files.set(name, isDeflated ? inflateRawSync(bytes) : bytes);
    entry += 46 + nameLength + tailLength;
  }
  return files;
}

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
