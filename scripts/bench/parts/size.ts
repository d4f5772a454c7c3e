import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Contender, contenders, toMeasuredFolder } from "../contenders.ts";
import { sendOne, toServerOptions } from "../load-point.ts";
import type { BenchContext, PartResult } from "../part.ts";
import { startServer } from "../processes/server.ts";

const run = promisify(execFile);

/** Bundle, what the platform installs of the staged folder, and the files that a cold start opens. */
export async function measureSize(context: BenchContext): Promise<PartResult> {
  context.tell("size: npm ci of the staged folder, and one traced start of each contender");
  const staged = toMeasuredFolder("commerce");
  const bundleBytes = (await stat(join(staged, "index.js"))).size;
  const installedBytes = await measureInstalled(staged);
  const opened: Record<string, number | undefined> = {};
  for (const contender of contenders) opened[contender.name] = await countOpenedFiles(context, contender);
  return {
    figures: { bundleBytes, installedBytes, opened },
    tables: [
      {
        title: "Size of what is deployed as `commerce`",
        columns: ["", "MB"],
        rows: [
          ["bundle", (bundleBytes / 1e6).toFixed(2)],
          ["folder after npm ci", (installedBytes / 1e6).toFixed(2)],
        ],
      },
      {
        title: "Files opened from process start to first 202",
        columns: contenders.map(({ id, name }) => `${id} ${name}`),
        rows: [contenders.map(({ name }) => opened[name] ?? "no strace here")],
      },
    ],
    targets: [{ name: "Bundle", value: bundleBytes / 1e6, atMost: 1.4, unit: " MB" }],
  };
}

/** @returns bytes of all files of the folder after `npm ci`, as the buildpack runs it, in a copy */
async function measureInstalled(staged: string): Promise<number> {
  const copy = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    await cp(staged, copy, { recursive: true });
    await run("npm", ["ci", "--omit=dev", "--no-audit", "--no-fund"], { cwd: copy });
    const files = await readdir(copy, { recursive: true, withFileTypes: true });
    const sizes = files.filter((file) => file.isFile()).map((file) => stat(join(file.parentPath, file.name)));
    return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
  } finally {
    await rm(copy, { recursive: true });
  }
}

/** @returns undefined on a machine without strace */
async function countOpenedFiles(context: BenchContext, contender: Contender): Promise<number | undefined> {
  if (!(await hasStrace())) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const log = join(folder, "opened");
  // -D makes the tracer the child and leaves the process its place, so that ending it ends both.
  const wrapper = ["strace", "-D", "-f", "-e", "trace=open,openat", "-o", log];
  try {
    const server = await startServer(contender.program, { ...toServerOptions(context, contender), wrapper });
    await sendOne(server.port);
    await server.stop();
    return (await readFile(log, "utf8")).split("\n").filter((line) => / = \d+$/.test(line)).length;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function hasStrace(): Promise<boolean> {
  return run("strace", ["-V"]).then(
    () => true,
    () => false,
  );
}
