import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request as openRequest } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Domain } from "../../shared/events/domain.ts";
import { domains, functionNames } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";
import { runProgram } from "../common/run-program.ts";
import { connectPubSub } from "../pubsub/client.ts";
import { startEmbeddedPubSub } from "../pubsub/embedded/server.ts";
import { findEmulator } from "../pubsub/emulator.ts";
import { readOptions } from "./options.ts";
import {
  listListening,
  runStart,
  type StartedStack,
  startStack,
  useStack,
  waitUntil,
} from "./testing/started-stack.ts";

// `npm start` as a user runs it, on a copy of the sources: npm, the stack, functions-framework, a Pub/Sub server.

// Builds and whole stacks want their time where other tests run beside them.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const local = useStack(["--broker=embedded"]);

const json = { "Content-Type": "application/json" };

function post(path: string, body: string | Buffer, headers: Record<string, string> = json): Promise<Response> {
  return fetch(`${local.stack.url}${path}`, { method: "POST", headers, body: new Uint8Array(Buffer.from(body)) });
}

/** With a target and headers that `fetch` would not send. */
async function callRaw(method: string, path: string, headers: Record<string, string>, body = "") {
  const request = openRequest({ port: new URL(local.stack.url).port, host: "127.0.0.1", method, path, headers });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { statusCode: response.statusCode, body: await text(response) };
}

const samples = Object.values<Domain>(domains).flatMap((domain) =>
  Object.values(domain.events).map((event) => ({ type: event.type, sample: event.sample, domain })),
);
const order = samples.find(({ type }) => type === "order.placed")?.sample;

describe("what reaches the front", () => {
  it.each(samples)(
    "passes $type to its function, and prints the message that arrives",
    async ({ type, sample, domain }) => {
      const event_id = `test-${type}`;
      const body = JSON.stringify({ ...sample, event_id, timestamp: "2026-01-01T00:00:00Z" });
      const response = await post("/events/ingest", body);
      expect(response.status).toBe(202);
      const { message_id } = (await response.json()) as { message_id: string };
      await local.stack.waitForOutput(
        new RegExp(
          `${domain.name} +▶ ${type}  ${event_id}  ${sample.user_id}  message ${message_id} on ${domain.topic}\n`,
        ),
      );
      await local.stack.waitForOutput(
        new RegExp(`POST /events/ingest 202 ${type} ${event_id} ${sample.user_id} \\d+ ms\n`),
      );
    },
  );

  it.each([
    ["a batch", "application/json", JSON.stringify([order, order])],
    ["lines", "application/x-ndjson", `\n${JSON.stringify(order)}\n${JSON.stringify(order)}\n`],
  ])("passes %s to the function of its first event", async (_, type, body) => {
    const response = await post("/events/batch", body, { "Content-Type": type });
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ results: [{ status: 202 }, { status: 202 }] });
  });

  it("looks into a compressed body, and passes it on compressed", async () => {
    const response = await post("/events/ingest", gzipSync(JSON.stringify(order)), {
      ...json,
      "Content-Encoding": "gzip",
    });
    expect(response.status).toBe(202);
  });

  it.each([
    ["no JSON", "POST", "/events/ingest", "{", 400, "malformed_json"],
    ["no body", "POST", "/events/ingest", undefined, 400, "malformed_json"],
    ["no type", "POST", "/events/ingest", "{}", 400, "missing_event_type"],
    ["an unknown type", "POST", "/events/ingest", '{"event_type":"__proto__"}', 422, "unknown_event_type"],
    ["more than any function takes", "POST", "/events/ingest", " ".repeat(12 << 20), 413, "payload_too_large"],
    ["a wrong method", "GET", "/events/ingest", undefined, 405, "method_not_allowed"],
    ["another function's type", "POST", "/system/events/ingest", JSON.stringify(order), 422, "wrong_function"],
    ["a function's root", "POST", "/commerce/?a=b", '{"event_type":"x"}', 422, "unknown_event_type"],
    ["a function's unknown path", "GET", "/commerce/nothing", undefined, 404, "not_found"],
    ["a function without a path", "POST", "/commerce", "[]", 400, "malformed_json"],
    ["a name that only begins like a function's", "GET", "/commerce2/health", undefined, 404, "not_found"],
    ["an unknown path", "GET", "/toString/health", undefined, 404, "not_found"],
  ])("answers %s with the right problem details", async (_, method, path, body, status, code) => {
    const headers = body === undefined ? {} : json;
    const response = await fetch(`${local.stack.url}${path}`, { method, headers, ...(body !== undefined && { body }) });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status, code });
    expect(response.status).toBe(status);
    expect(response.headers.get("allow")).toBe(status === 405 ? "POST" : null);
  });

  it("passes everything below a function's name straight through", async () => {
    const response = await fetch(`${local.stack.url}/user-actions/health?x=1`);
    expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ status: "ok" })]);
    const headers = { ...json, "Idempotency-Key": "key-1" };
    const [first, second] = await Promise.all(
      ["/commerce/", "/events/ingest"].map(async (path) => (await post(path, JSON.stringify(order), headers)).json()),
    );
    expect(first).toMatchObject({ status: "accepted", event_id: (second as { event_id: string }).event_id });
  });

  it("takes a target in absolute form", async () => {
    const body = JSON.stringify(order);
    const target = `http://localhost:${new URL(local.stack.url).port}/events/ingest`;
    const { statusCode } = await callRaw("POST", target, { ...json, Host: "localhost" }, body);
    expect(statusCode).toBe(202);
  });

  it.each([
    ["a foreign host", "/health", "evil.example"],
    ["a foreign authority", "http://evil.example/health", "localhost"],
  ])("refuses %s: a page of another site may have had its name pointed here", async (_, target, host) => {
    const { statusCode, body } = await callRaw("GET", target, { Host: host });
    expect([statusCode, JSON.parse(body)]).toEqual([403, expect.objectContaining({ code: "foreign_host" })]);
  });

  it("has no function log what is for none of them", async () => {
    const readLines = async () =>
      ((await (await fetch(`${local.stack.url}/console/logs`)).json()) as readonly object[]).length;
    await post("/events/ingest", JSON.stringify(order));
    const before = await readLines();
    const from = local.stack.output().length;
    for (const body of ["{", "{}", '{"event_type":"nobodys"}', "[]"]) await post("/events/ingest", body);
    await post("/events/batch", JSON.stringify(samples.map(({ sample }) => sample)));
    await local.stack.waitForOutput(/422 wrong_function A batch goes to one function/, from);
    expect(await readLines()).toBe(before);
  });

  it("prints a line for what is refused, whatever it is", async () => {
    const from = local.stack.output().length;
    await post("/events/ingest", JSON.stringify({ ...order, order_id: undefined }));
    await local.stack.waitForOutput(/POST \/events\/ingest 422 invalid_event order_id is required \d+ ms/, from);
    await fetch(`${local.stack.url}/nowhere`);
    await local.stack.waitForOutput(/GET \/nowhere 404 not_found /, from);
    await post("/events/batch", JSON.stringify([order, {}]));
    await local.stack.waitForOutput(/POST \/events\/batch 207 1 × 202, 1 × missing_event_type \d+ ms/, from);
  });

  it("listens on the loopback interface alone, its functions too", async () => {
    const listening = await listListening([...(await local.stack.processes()).keys()]);
    expect(listening.length).toBeGreaterThan(4);
    // Of 127.0.0.1, as Linux writes it there.
    expect(listening.filter((address) => address !== "0100007F")).toEqual([]);
  });

  it("keeps the promises that npm run verify knows of", async () => {
    const script = join(local.folder, "scripts/deploy/verify.ts");
    const { code, stdout, stderr } = await runProgram(
      process.execPath,
      [script, "--local", local.stack.url],
      process.env,
    );
    expect({ code, stderr, broken: stdout.match(/BROKEN.*/g) }).toEqual({ code: 0, stderr: "", broken: null });
    for (const name of functionNames) expect(stdout).toContain(`\n${name}  ${local.stack.url}/${name}\n`);
  });

  it("tells by npm run where what became of an event, by whom", async () => {
    const body = JSON.stringify({ ...order, event_id: "evt_where" });
    await post("/events/ingest", body, { ...json, "PulseCart-Caller": "shop" });
    await post("/events/ingest", JSON.stringify({ ...order, event_id: "evt_where", user_id: "" }));
    await vi.waitUntil(async () =>
      (await (await fetch(`${local.stack.url}/console/logs`)).text()).includes("Event refused"),
    );
    const script = join(local.folder, "scripts/operate/where.ts");
    const { code, stdout } = await runProgram(
      process.execPath,
      [script, "evt_where", "--local", local.stack.url],
      process.env,
    );
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/ sending +to commerce by shop: accepted as message \d+ after /),
    ]);
    expect(stdout).toMatch(/ message +\d+ on pulsecart\.commerce-events.*\n.*caller="shop"/);
    expect(stdout).toMatch(/ sending +to commerce: refused invalid_event after .* at user_id\n/);
  });

  it("is healthy when every function is", async () => {
    const response = await fetch(`${local.stack.url}/health`);
    const contract = Object.fromEntries(functionNames.map((name) => [name, expect.stringMatching(/^[0-9a-f]{16}$/)]));
    const health = { status: "ok", version: expect.any(String), contract };
    expect([response.status, await response.json()]).toEqual([200, expect.objectContaining(health)]);
  });
});

describe("when sources change", () => {
  const edit = async (name: string, change: (source: string) => string) => {
    const path = join(local.folder, name);
    const source = await readFile(path, "utf8");
    await writeFile(path, change(source));
    return () => writeFile(path, source);
  };

  /** Sends orders one after the other until told to stop. @returns the statuses of their answers */
  function keepSending(): () => Promise<number[]> {
    const statuses: number[] = [];
    let isDone = false;
    const sending = (async () => {
      while (!isDone) statuses.push((await post("/events/ingest", JSON.stringify(order))).status);
    })();
    return async () => {
      isDone = true;
      await sending;
      return statuses;
    };
  }

  it("restarts only the functions that they touch, without a request lost", async () => {
    const stopSending = keepSending();
    const from = local.stack.output().length;
    await appendFile(join(local.folder, "functions/commerce.ts"), 'console.error("changed source");\n');
    const [line] = await local.stack.waitForOutput(/Sources changed: .*/, from);
    expect(line).toBe("Sources changed: restarted commerce");
    expect(local.stack.output().slice(from)).toMatch(/commerce +changed source/);
    await waitUntil(async () => (await countProcesses(local.stack)) === processCount, "the older process ended");
    const statuses = await stopSending();
    expect(statuses.filter((status) => status !== 202)).toEqual([]);
    expect(statuses.length).toBeGreaterThan(0);
  });

  it("takes a new event type to its function", async () => {
    const from = local.stack.output().length;
    const definition = '"order.cancelled": { description: "Cancelled.", sample: { user_id: "u", payload: {} } },';
    await edit("shared/events/commerce.ts", (source) => source.replace("events: {", `events: { ${definition}`));
    await local.stack.waitForOutput(new RegExp(`Sources changed: restarted ${functionNames.join(", ")}`), from);
    const response = await post("/events/ingest", '{"event_type":"order.cancelled","user_id":"u","payload":{}}');
    expect(response.status).toBe(202);
  });

  it.each([
    ["cannot be built", "functions/commerce.ts", "\nconst = 1;\n", /functions\/commerce\.ts:\d+:\d+:[\s\S]*const = 1;/],
    ["have a registry that breaks", "shared/events/registry.ts", "\nthrow new Error('Broken.');\n", /Error: Broken\./],
    ["do not start", "functions/commerce.ts", "\nthrow new Error('Broken.');\n", /commerce ended at its start/],
  ])("says why they %s, and goes on with what worked last", async (_, file, fault, reason) => {
    const from = local.stack.output().length;
    const restore = await edit(file, (source) => source + fault);
    onTestFinished(restore);
    await local.stack.waitForOutput(/The sources do not work; what worked last goes on running\./, from);
    const told = local.stack.output().slice(from);
    expect(told).toMatch(reason);
    expect(told).not.toContain("slim-client");
    expect((await post("/events/ingest", JSON.stringify(order))).status).toBe(202);
    const mended = local.stack.output().length;
    await restore();
    await local.stack.waitForOutput(/The sources work again\./, mended);
  });
});

/** npm, the stack itself, the functions. */
const processCount = 2 + functionNames.length;

/** Without esbuild's own process, which stays for the next build of the console. */
async function countProcesses(running: StartedStack): Promise<number> {
  return [...(await running.processes()).values()].filter((command) => !command.includes("esbuild")).length;
}

it("starts a function again that ended by itself; requests wait for it", async () => {
  await waitUntil(async () => (await countProcesses(local.stack)) === processCount, "the stack is at rest");
  const [pid] = [...(await local.stack.processes())].find(([, command]) => command.includes("--target=commerce")) ?? [];
  process.kill(pid as number, "SIGKILL");
  await local.stack.waitForOutput(/commerce ended by itself \(SIGKILL\)/);
  expect((await post("/events/ingest", JSON.stringify(order))).status).toBe(202);
});

it("shows a crash by the sources' own lines, a dozen of them", async () => {
  const from = local.stack.output().length;
  await appendFile(
    join(local.folder, "functions/system.ts"),
    '\nfunction crash(): never {\n  throw new Error("On purpose.");\n}\nprocess.once("SIGUSR2", crash);\n',
  );
  await local.stack.waitForOutput(/Sources changed: restarted system/, from);
  await waitUntil(async () => (await countProcesses(local.stack)) === processCount, "the older process ended");
  const [pid] = [...(await local.stack.processes())].find(([, command]) => command.includes("--target=system")) ?? [];
  const before = local.stack.output().length;
  process.kill(pid as number, "SIGUSR2");
  await local.stack.waitForOutput(/functions\/system\.ts:\d+:\d+/, before);
  await local.stack.waitForOutput(/system ended by itself/, before);
  const told = local.stack.output().slice(before);
  expect(told).toMatch(/Error: On purpose\./);
  expect(told.length).toBeLessThan(5000);
});

describe("ending", () => {
  it("leaves no process behind when its terminal is closed", async () => {
    const another = await startStack(local.folder, ["--broker=embedded"]);
    expect(await countProcesses(another)).toBe(processCount);
    await another.end("SIGHUP", "terminal");
    await waitUntil(async () => (await another.processes()).size === 0, "no process is left");
  });

  it("leaves no process behind on Ctrl-C, and nothing on a Pub/Sub server that is somebody else's", async () => {
    const external = await startEmbeddedPubSub();
    onTestFinished(() => external.close());
    const another = await startStack(local.folder, [], { PUBSUB_EMULATOR_HOST: external.endpoint });
    expect(another.output()).toContain("the Pub/Sub server at PUBSUB_EMULATOR_HOST");
    await another.end("SIGINT", "terminal");
    await waitUntil(async () => (await another.processes()).size === 0, "no process is left");
    const admin = connectPubSub(external.endpoint, "pulsecart-local");
    onTestFinished(() => admin.close());
    await admin.publish(domains.commerce.topic, [{ data: Buffer.from("{}") }]);
    expect(external.stats()).toMatchObject({ messages: 1, held: 0 });
  });

  it.skipIf(findEmulator() === undefined && !process.env.CI)(
    "answers the printed curl with the official emulator behind, which ends with the stack even when that is killed",
    async () => {
      const another = await startStack(local.folder, ["--broker=emulator"]);
      onTestFinished(async () => void (await another.end("SIGKILL")));
      expect(another.output()).toContain("the official Pub/Sub emulator");
      const [command] = /^curl .*$/m.exec(another.output()) ?? [""];
      expect(spawnSync("sh", ["-c", `${command} --silent`], { encoding: "utf8" }).stdout).toMatch(
        /^\{"status":"accepted","event_id":"evt_[0-9a-f]{32}","message_id":"\d+"\}$/,
      );
      const [, type] = /"event_type":"([^"]+)"/.exec(command) ?? [];
      await another.waitForOutput(new RegExp(`▶ ${type} .* on pulsecart\\.`));
      expect([...(await another.processes()).values()].join("\n")).toContain("java");
      await another.end("SIGKILL");
      await waitUntil(async () => (await another.processes()).size === 0, "no process is left");
    },
  );
});

describe("what it refuses", () => {
  it("a port that is taken, before anything is started", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { code, stderr } = await runStart(local.folder, [`--port=${port}`]);
    expect(stderr).toBe(`Port ${port} is taken: end what listens there, or choose another with --port.\n`);
    expect(code).toBe(1);
    const other = await runStart(local.folder, ["--port=0", "--broker=embedded", `--pubsub-port=${port}`]);
    expect(other.stderr).toBe(`Port ${port} is taken: end what listens there, or choose another with --pubsub-port.\n`);
    expect(other.code).toBe(1);
  });

  it("what it does not know, in one line", async () => {
    const stderr = "Unknown option '--prot'. See npm start -- --help.\n";
    expect(await runStart(local.folder, ["--prot=1"])).toEqual({ code: 1, stdout: "", stderr });
  });

  it.each([
    ["--port=x", '--port must be a number from 0 to 65535, not "x".'],
    ["--pubsub-port=", '--pubsub-port must be a number from 0 to 65535, not "".'],
    ["--verbose --quiet", "--verbose and --quiet exclude each other."],
    ["--broker=kafka", '--broker must be one of auto, emulator, embedded, not "kafka".'],
  ])("%s", (flags, message) => {
    expect(() => readOptions(flags.split(" "))).toThrow(new UsageError(message));
  });

  it("nothing when asked for help", async () => {
    const { code, stdout, stderr } = await runStart(local.folder, ["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("--broker=auto|emulator|embedded");
  });
});

// The last of all: it ends the stack of the others.
it("leaves no process behind when npm alone is ended", async () => {
  await waitUntil(async () => (await countProcesses(local.stack)) === processCount, "the stack is at rest");
  await local.stack.end("SIGTERM", "npm");
  await waitUntil(async () => (await local.stack.processes()).size === 0, "no process is left");
});
