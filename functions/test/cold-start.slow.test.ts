import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { toStagedFolder } from "../../scripts/build/build-function.ts";
import { connectPubSub } from "../../scripts/pubsub/client.ts";
import { startFunction } from "../../scripts/testing/function-process.ts";
import { post } from "../../scripts/testing/post.ts";
import { commerce } from "../../shared/events/commerce.ts";

const project = "cold-start";
const root = fileURLToPath(new URL("../../", import.meta.url));
const cacheFile = `index.js.${process.version}-${process.arch}.cache`;
/** Of the cache's file, before what V8 wrote. */
const HEAD_BYTES = 8;

const otherNode = findOtherNode();
const folders: string[] = [];
let built: string;

/** A copy of a staged function in which packages are found, as after `npm ci`. */
function copy(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), "pulsecart-cold-"));
  folders.push(folder);
  cpSync(source, folder, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

function runBuild(folder: string): string {
  return execFileSync("npm", ["run", "gcp-build"], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** What V8 says of the cache: false where it uses it, true where it refuses it, undefined where it was not given it. */
function isRejected(folder: string, execArgv: readonly string[] = []): boolean | undefined {
  const script = `console.log(require("./code-cache.cjs").compileBundle("${join(folder, "index.js")}").cachedDataRejected)`;
  const output = execFileSync(process.execPath, [...execArgv, "-e", script], { cwd: folder, encoding: "utf8" }).trim();
  return output === "undefined" ? undefined : JSON.parse(output);
}

/** Starts the function of a folder and sends it an event. */
async function sendFirst(folder: string, execArgv: readonly string[] = [], node = process.execPath) {
  const options = { endpoint: inject("pubsub"), project, source: folder, execArgv, node };
  const running = await startFunction("commerce", options);
  try {
    const { status } = await post(running.url, commerce.events["order.placed"].sample);
    return { status, logs: running.logs, stderr: running.stderr() };
  } finally {
    await running.stop();
  }
}

function edit(folder: string, file: string, change: (bytes: Buffer) => Buffer): void {
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file))));
}

/** A Node of another version on this machine: the one that `npm` was started with. CI has one. */
function findOtherNode(): string | undefined {
  const programs = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "node"));
  return programs.filter(existsSync).find((program) => {
    const version = execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
    return version !== process.version;
  });
}

/** Flips one bit. */
function flip(bytes: Buffer, at: number): Buffer {
  const position = Math.floor(at);
  bytes[position] = (bytes[position] as number) ^ 1;
  return bytes;
}

beforeAll(async () => {
  const admin = connectPubSub(inject("pubsub"), project);
  await admin.createTopic(commerce.topic);
  admin.close();
  built = copy(toStagedFolder("commerce"));
  runBuild(built);
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describe("a function with its code cache", () => {
  it("has one, which V8 takes, and answers 202", async () => {
    expect(isRejected(built)).toBe(false);
    const { logs, ...outcome } = await sendFirst(built);
    expect([outcome, logs[0]]).toMatchObject([{ status: 202, stderr: "" }, { code_cache: "used" }]);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["is empty", () => Buffer.alloc(0)],
    ["ends within its head", (bytes) => bytes.subarray(0, HEAD_BYTES - 3)],
    ["ends after its head", (bytes) => bytes.subarray(0, HEAD_BYTES)],
    ["is truncated by half", (bytes) => bytes.subarray(0, bytes.length / 2)],
    ["is truncated by one byte", (bytes) => bytes.subarray(0, -1)],
    ["goes on", (bytes) => Buffer.concat([bytes, Buffer.alloc(8)])],
    ["is altered in its head", (bytes) => flip(bytes, 1)],
    ["is altered in V8's head", (bytes) => flip(bytes, HEAD_BYTES + 9)],
    ["is altered in its middle", (bytes) => flip(bytes, bytes.length / 2)],
    ["is altered at its end", (bytes) => flip(bytes, bytes.length - 1)],
    ["holds zeros alone", (bytes) => Buffer.alloc(bytes.length)],
  ])("answers 202 where the cache %s", async (_, change) => {
    const folder = copy(built);
    edit(folder, cacheFile, change);
    expect(isRejected(folder)).toBeUndefined();
    expect(await sendFirst(folder)).toMatchObject({ status: 202, stderr: "" });
  });

  it("answers 202 with a cache that another Node wrote", async () => {
    const folder = copy(built);
    edit(folder, cacheFile, (bytes) => {
      // V8's head: a magic number, then a hash of its version.
      const data = flip(bytes.subarray(HEAD_BYTES), 4);
      bytes.writeUInt32LE(crc32(data, crc32(readFileSync(join(folder, "index.js")))), 0);
      return bytes;
    });
    expect(isRejected(folder)).toBe(true);
    const { logs, ...outcome } = await sendFirst(folder);
    expect([outcome, logs[0]]).toMatchObject([{ status: 202, stderr: "" }, { code_cache: "rejected" }]);
  });

  it.skipIf(!otherNode && !process.env.CI)(
    "answers 202 where another Node runs it, for which no cache was made",
    async () => {
      const { logs, ...outcome } = await sendFirst(built, [], otherNode);
      expect([outcome, logs[0]]).toMatchObject([{ status: 202, stderr: "" }, { code_cache: "missing" }]);
    },
  );

  it("answers 202 where Node has another flag", async () => {
    const flags = ["--stack-size=900"];
    expect(isRejected(built, flags)).toBe(true);
    expect(await sendFirst(built, flags)).toMatchObject({ status: 202, stderr: "" });
  });

  it("runs the source that is there, where the cache is of another one of the same length", async () => {
    const folder = copy(built);
    const toOther = (text: string) => text.replace('"Event accepted"', '"Event ACCEPTED"');
    edit(folder, "index.js", (bytes) => Buffer.from(toOther(bytes.toString())));
    const { status, logs } = await sendFirst(folder);
    expect([status, logs.at(-1)?.message]).toEqual([202, "Event ACCEPTED"]);
  });

  it("names source lines where an unforeseen error is logged", async () => {
    const folder = copy(built);
    // What an id is generated with: the function's own code is on the stack.
    const fault = 'require("node:crypto").randomFillSync = () => { throw new Error("no randomness"); };';
    writeFileSync(join(folder, "fault.cjs"), fault);
    const { status, logs } = await sendFirst(folder, ["--require", join(folder, "fault.cjs")]);
    const [, file = "", line] = /at .*?(shared\/ingest\/[\w-]+\.ts):(\d+):\d+/.exec(String(logs.at(-1)?.error)) ?? [];
    expect([status, logs.at(-1)?.message]).toEqual([500, "Request failed"]);
    expect(readFileSync(join(root, file), "utf8").split("\n")[Number(line) - 1]).toContain("randomFillSync(");
  });
});

describe("the maker of the code cache", () => {
  it.each<[string, string, (text: string) => string]>([
    ["the bundle cannot be compiled", "index.js", () => "("],
    ["the bundle throws", "index.js", () => 'throw new Error("broken");'],
    ["the bundle ends the process", "index.js", () => "process.exit(3);"],
    ["the bundle crashes", "index.js", () => "process.abort();"],
    ["the sample is refused", "package.json", (text) => text.replace('"order.placed"', '"order.unknown"')],
    ["the code cache cannot be written", "code-cache.cjs", (text) => text.replace("renameSync(", "missing(")],
  ])("ends with 0 and leaves no cache where %s", (_, file, change) => {
    const folder = copy(toStagedFolder("commerce"));
    edit(folder, file, (bytes) => Buffer.from(change(bytes.toString())));
    expect(runBuild(folder)).toContain("No code cache could be made");
    expect(readdirSync(folder).filter((name) => name.includes(".cache"))).toEqual([]);
  });
});

describe("a bundle that is compiled with its cache", () => {
  it("has stacks with its own positions and its present place, from the first line on", () => {
    const first = copy(toStagedFolder("commerce"));
    const source =
      'exports.read = () => new Error("first").stack;\n\n  exports.third = () => new Error("third").stack;\n';
    writeFileSync(join(first, "index.js"), source);
    const toScript = (folder: string, end: string) =>
      `const { compileBundle, writeCache } = require("./code-cache.cjs");
       const script = compileBundle(${JSON.stringify(join(folder, "index.js"))});
       const exported = {};
       script.runInThisContext()(exported, require, module, "", "");
       const stacks = [exported.read(), exported.third()];
       ${end}`;
    const run = (folder: string, end: string) =>
      execFileSync(process.execPath, ["-e", toScript(folder, end)], { cwd: folder, encoding: "utf8" });
    run(first, `writeCache(${JSON.stringify(join(first, "index.js"))}, script)`);
    const moved = copy(first);
    const { rejected, stacks } = JSON.parse(
      run(moved, "console.log(JSON.stringify({ rejected: script.cachedDataRejected, stacks }))"),
    );
    expect(rejected).toBe(false);
    expect(stacks[0]).toContain(`${join(moved, "index.js")}:1:22`);
    expect(stacks[1]).toContain(`${join(moved, "index.js")}:3:25`);
  });
});
