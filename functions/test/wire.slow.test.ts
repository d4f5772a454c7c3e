import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext, vi } from "vitest";
import { findFreePort } from "../../scripts/common/free-port.ts";
import { connectPubSub } from "../../scripts/pubsub/client.ts";
import { findBlock } from "../../scripts/testing/callers/documented-callers.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { RawHttp } from "../../scripts/testing/raw-http.ts";
import { domains } from "../../shared/events/registry.ts";

const MB = 1_000_000;
const endpoint = inject("pubsub");
const project = `wire-${randomUUID().slice(0, 8)}`;
const event = JSON.stringify(domains.commerce.events["order.placed"].sample);
let running: FunctionProcess;

/** In CI all of them must be there; elsewhere a test's name says what is missing. */
function describeWith(program: string, versionFlag: string, name: string, tests: () => void): void {
  const isThere = spawnSync(program, [versionFlag]).status === 0;
  const isNeeded = isThere || Boolean(process.env.CI);
  describe.skipIf(!isNeeded)(isNeeded ? name : `${name}: NOT RUN, ${program} is not installed`, tests);
}

beforeAll(async () => {
  const admin = connectPubSub(endpoint, project);
  await admin.createTopic(domains.commerce.topic);
  admin.close();
  running = await startFunction("commerce", { endpoint, project });
});
afterAll(async () => {
  expect(running.stderr()).toBe("");
  expect(await running.stop()).toBe(0);
});

/** An event with so much in its payload. */
const eventOf = (bytes: number) => event.replace('"user_id"', `"x":"${"x".repeat(bytes)}","user_id"`);

const head = (line: string, ...headers: readonly string[]) =>
  `${line} HTTP/1.1\r\n${["Host: a", "Content-Type: application/json", ...headers].join("\r\n")}\r\n\r\n`;

const headOf = (bytes: number) => head("POST /", `Content-Length: ${bytes}`);

/** Writes a text at so many bytes a second, until it is out or answered. */
async function writeSlowly(client: RawHttp, body: string, bytesPerSecond: number): Promise<void> {
  const step = bytesPerSecond / 10;
  for (let at = 0; at < body.length && client.text === ""; at += step) {
    client.write(body.slice(at, at + step));
    await sleep(100);
  }
}

// With the limits that a caller meets; time-limits.test.ts has more cases, with shorter ones.
describe.concurrent("a caller that takes its time", { timeout: 90_000 }, () => {
  async function connect({ onTestFinished }: Pick<TestContext, "onTestFinished">): Promise<RawHttp> {
    const client = await RawHttp.open(running.port);
    onTestFinished(() => client.close());
    return client;
  }

  it("a body of 3 MB at 250 kB/s arrives", async (context) => {
    const client = await connect(context);
    const body = eventOf(3 * MB);
    client.write(headOf(body.length));
    await writeSlowly(client, body, 250_000);
    expect((await client.response()).status).toBe(202);
  });

  it("a body of 8.5 MB at 400 kB/s is told after 18 s what helps", async (context) => {
    const client = await connect(context);
    const body = eventOf(8.5 * MB);
    client.write(headOf(body.length));
    await writeSlowly(client, body, 400_000);
    const answer = await client.response();
    expect(answer.status).toBe(408);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: "request_timeout",
      detail: expect.stringMatching(/18 s: .*gzip.*smaller event.*faster link/),
      retryable: true,
    });
    // Whoever goes on sending is read for a while: the answer is not lost to a reset.
    client.write(Buffer.alloc(MB, "x"));
    await sleep(3000);
    client.write(Buffer.alloc(MB, "x"));
    await client.ended();
  });

  it.each([
    ["headers that do not end", "POST / HTTP/1.1\r\nHost: a\r\n", "headers were not complete after 10 s"],
    ["a body that stops", `${headOf(1000)}{`, "for 10 s"],
  ])("%s: 408 after 10 s", async (_, start, detail) => {
    const client = await RawHttp.open(running.port);
    client.write(start);
    const { status, body } = await client.response();
    expect([status, JSON.parse(body).detail]).toEqual([408, expect.stringContaining(detail)]);
    await client.ended();
  });

  it("one that goes on sending behind a refusal is cut off after 10 s", async (context) => {
    const client = await connect(context);
    client.write(head("POST /nothing", "Transfer-Encoding: chunked", "Connection: close"), "100000\r\n");
    const timer = setInterval(() => client.write("x".repeat(1000)), 100);
    expect((await client.response()).status).toBe(404);
    await new Promise((resolve) => client.socket.once("close", resolve));
    clearInterval(timer);
  });
});

// Debian has it where not everybody's PATH leads.
const NGINX = existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";

describeWith(NGINX, "-v", "through nginx with its defaults", () => {
  let nginx: ChildProcess;
  let port: number;
  let folder: string;

  beforeAll(async () => {
    port = await findFreePort();
    folder = await mkdtemp(join(tmpdir(), "nginx-"));
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
    // What a body may have is nginx's own limit, 1 MB by default; nothing else is set but where its files are.
    const server = `listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${running.port}; }`;
    const http = `access_log off; client_max_body_size 64m; ${temporary.join(" ")} server { ${server} }`;
    const user = process.getuid?.() === 0 ? "user root;" : "";
    await writeFile(join(folder, "nginx.conf"), `${user} pid nginx.pid; daemon off; events {} http { ${http} }`);
    nginx = spawn(NGINX, ["-p", folder, "-e", "stderr", "-c", "nginx.conf"], { stdio: "inherit" });
    const isUp = () =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    await vi.waitUntil(isUp, { timeout: 10_000 });
  });
  afterAll(async () => {
    nginx?.kill();
    if (nginx?.exitCode === null) await once(nginx, "exit");
    if (folder) await rm(folder, { recursive: true });
  });

  it.each<[string, string, Record<string, string>, number]>([
    ["POST", "/nothing", {}, 404],
    ["PUT", "/", {}, 405],
    ["POST", "/", {}, 413],
    ["POST", "/events/batch", { "content-type": "text/csv" }, 415],
    ["POST", "/", { "content-encoding": "zstd" }, 415],
  ])("%s %s (%j) of 12 MB is %i, and its own words", async (method, path, headers, status) => {
    for (const body of ["x".repeat(12 * MB), new Blob(["x".repeat(12 * MB)]).stream()]) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { "content-type": "application/json", ...headers },
        body,
        ...(typeof body !== "string" && { duplex: "half" }),
      } as RequestInit);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
      expect(await answer.json()).toMatchObject({ status, detail: expect.any(String) });
    }
  });

  it("an event is accepted", async () => {
    const headers = { "content-type": "application/json" };
    const { status } = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: eventOf(2 * MB) });
    expect(status).toBe(202);
  });
});

describeWith("python3", "--version", "the Python of docs/calling.md", () => {
  it("is told that an event of 9.5 MB is refused", async () => {
    const send = `
try:
    Producer("${running.url}").send({**${event}, "payload": "x" * 9_500_000})
except RefusedError as error:
    print(error.args[1]["status"], error.args[1]["code"])
`;
    const { stdout } = await promisify(execFile)("python3", ["-c", findBlock("Python", "python") + send]);
    expect(stdout).toBe("413 payload_too_large\n");
  });
});
