import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { domains } from "../../../shared/events/registry.ts";
import { installPackage } from "../../common/run-program.ts";
import { type FakeProducer, startFakeProducer } from "../fake-producer.ts";
import { type CallerFolder, type CallerWorld, openCallerWorld, root } from "./caller-folder.ts";
import { blocks, findBlock, publishCommand } from "./documented-callers.ts";

// The package as it is published and installed, in an empty folder.

const run = promisify(execFile);
const tools = fileURLToPath(new URL("node_modules/", import.meta.url));
const CLIENT = "TypeScript and JavaScript";

let world: CallerWorld;
let folder: CallerFolder;
let producer: FakeProducer;

beforeAll(async () => {
  installPackage(fileURLToPath(new URL(".", import.meta.url)));
  producer = await startFakeProducer();
  world = await openCallerWorld(publishCommand);
  folder = await world.openFolder();
  await folder.sh(findBlock(CLIENT, "sh"));
}, 300_000);
afterAll(async () => {
  await producer?.close();
  await world?.close();
});

describe("@pulsecart/events", () => {
  it("installs nothing else, has its licence, and keeps the entries that run on servers small", async () => {
    const installed = await readdir(`${folder.path}/node_modules`, { recursive: true });
    const files = installed.filter((name) => !name.startsWith("."));
    expect(files.filter((name) => name.endsWith("package.json"))).toEqual(["@pulsecart/events/package.json"]);
    const sizeOf = async (name: string) => (await stat(`${folder.path}/node_modules/@pulsecart/events/${name}`)).size;
    for (const name of ["LICENSE", "THIRD_PARTY_NOTICES.txt", "README.md"])
      expect(await sizeOf(name)).toBeGreaterThan(0);
    for (const name of ["index", "google", "read"]) {
      for (const extension of ["js", "cjs"]) expect(await sizeOf(`${name}.${extension}`)).toBeLessThan(60_000);
    }
  });

  it("is clean by publint and arethetypeswrong", { timeout: 120_000 }, async () => {
    await run(`${tools}.bin/publint`, ["--strict", `${root}dist/client`]);
    const options = ["--no-emoji", "--no-color"];
    await run(`${tools}.bin/attw`, ["--pack", `${root}dist/client`, ...options], { cwd: folder.path });
  });

  const nodes = ["node20", "node22", process.execPath].map((node) =>
    node.includes("/") ? node : `${tools}${node}/bin/node`,
  );
  const isWithoutThem = process.platform !== "linux" || process.arch !== "x64";
  it.skipIf(isWithoutThem).each(nodes)("sends with %s, by import and by require", async (node) => {
    await folder.write("send.mjs", findBlock(undefined, "js"));
    const required = findBlock(undefined, "js").replace(/import (.*) from "(.*)"/, 'const $1 = require("$2")');
    const others = ["google", "testing", "read"].map((name) => `require("@pulsecart/events/${name}");`).join("");
    await folder.write("send.cjs", `(async () => { ${others} ${required} })();`);
    for (const file of ["send.mjs", "send.cjs"]) {
      const before = producer.requests.length;
      await folder.sh(`"${node}" ${file}`, { PULSECART_URL: producer.url });
      expect(producer.requests).toHaveLength(before + 1);
      const { version } = JSON.parse(await readFile(`${root}package.json`, "utf8"));
      expect(producer.requests.at(-1)?.headers["user-agent"]).toBe(`pulsecart-events/${version}`);
    }
  });

  it("runs in Jest as it comes", { timeout: 60_000 }, async () => {
    const test = `const { createSender, RefusedError } = require("@pulsecart/events");
      const { createTestClient } = require("@pulsecart/events/testing");
      test("sends", async () => {
        const client = createTestClient();
        await createSender(client).send({ event_type: "product.viewed", user_id: "u", payload: { product_id: "p" } });
        expect(client.sent).toHaveLength(1);
        await expect(client.send({ event_type: "order.lost" })).rejects.toBeInstanceOf(RefusedError);
      });
      test("sends where timers are replaced", async () => {
        jest.useFakeTimers();
        const client = createTestClient();
        const sender = createSender(client);
        sender.add({ event_type: "product.viewed", user_id: "u", payload: { product_id: "p" } });
        await sender.close();
        expect(client.sent).toHaveLength(1);
      });`;
    await folder.write("client.test.js", test);
    await folder.sh(`"${process.execPath}" "${tools}.bin/jest" --rootDir .`);
  });

  it.each(["web", "webworker"])(
    "can be bundled by webpack for %s, with all of its entries",
    { timeout: 60_000 },
    async (target) => {
      const names = ["", "/google", "/testing", "/read"];
      const lines = names.map(
        (name, i) => `import * as part${i} from "@pulsecart/events${name}"; console.log(part${i});`,
      );
      await folder.write("web.mjs", lines.join("\n"));
      const options = {
        mode: "production",
        target,
        context: folder.path,
        entry: "./web.mjs",
        output: { path: folder.path },
      };
      const script = `require(${JSON.stringify(`${tools}webpack`)})(${JSON.stringify(options)}, (error, stats) => {
      const problems = error ? [error] : [...stats.compilation.errors, ...stats.compilation.warnings];
      for (const { message } of problems) console.error(message);
      process.exit(problems.length);
    });`;
      await folder.write("webpack.cjs", script);
      await folder.sh(`"${process.execPath}" webpack.cjs`);
    },
  );

  it("can be published from its folder, and has names that one can read in its stacks", async () => {
    const { stdout: packed } = await run("npm", ["publish", "./dist/client", "--dry-run", "--json"], { cwd: root });
    for (const name of ["LICENSE", "index.cjs", "testing.d.cts", "read.js"]) expect(packed).toContain(name);
    const { stdout } = await folder.sh(
      `"${process.execPath}" -e 'require("@pulsecart/events").createClient({ baseUrl: "http://x" }).send(1).catch((e) => console.log(e.stack, require("@pulsecart/events/package.json").version))'`,
    );
    expect(stdout).toMatch(/RefusedError: [\s\S]*writeEvent[\s\S]*take/);
  });

  it.each(["node", "browser", "neutral"] as const)("can be bundled for %s", async (platform) => {
    await folder.write("entry.mjs", `${findBlock(CLIENT, "ts", 1)}\nconsole.log("done");`);
    const outfile = `${folder.path}/bundle-${platform}.mjs`;
    await build({
      ...{ entryPoints: [`${folder.path}/entry.mjs`], outfile, absWorkingDir: folder.path },
      ...{ bundle: true, format: "esm", platform, logLevel: "silent" },
    });
    const before = producer.requests.flatMap(({ events }) => events).length;
    const { stdout } = await folder.sh(`"${process.execPath}" ${outfile}`, { PULSECART_URL: producer.url });
    expect(stdout).toContain("done");
    expect(producer.requests.flatMap(({ events }) => events)).toHaveLength(before + 250);
  });
});

describe("a process that sends through it", { timeout: 60_000 }, () => {
  /** Runs a script beside a producer that answers like this. */
  async function start(code: string, reply: Parameters<typeof startFakeProducer>[0]) {
    const own = await startFakeProducer(reply);
    await folder.write("process.mts", code);
    const env = { ...process.env, PULSECART_URL: own.url, ID_TOKEN: "t" };
    // To a file: what is written to a pipe that is full is lost when the process exits.
    const output = `${folder.path}/printed.txt`;
    const file = openSync(output, "w");
    const child = spawn(process.execPath, ["process.mts"], { cwd: folder.path, env, stdio: ["ignore", file, file] });
    closeSync(file);
    const ended = once(child, "close").finally(() => own.close());
    return { own, child, ended, printed: () => readFileSync(output, "utf8") };
  }
  const one = `{ event_type: "order.placed", user_id: "u", event_id: "e", order_id: "o", payload: { items: [{ product_id: "p", quantity: 1 }], total: 1 } }`;
  const client = (options: string) => `import { createClient } from "@pulsecart/events";
    const client = createClient({ urls: { commerce: process.env.PULSECART_URL }, ${options} });\n`;
  const outage = (retryAfter: string) => ({
    status: 503,
    body: { code: "publish_unavailable" },
    headers: { "retry-after": retryAfter },
  });

  it("gives every event back that an outage leaves open, before the platform kills it", async () => {
    const { own, child, ended, printed } = await start(findBlock(CLIENT, "ts", 1), () => outage("1"));
    await expect.poll(() => own.requests.length).toBeGreaterThan(0);
    child.kill("SIGTERM");
    const killed = setTimeout(() => child.kill("SIGKILL"), 10_000);
    const [code] = await ended;
    clearTimeout(killed);
    expect(code).toBe(0);
    expect(new Set(printed().match(/"event_id":"evt_\w+"/g)).size).toBe(250);
    expect(printed()).toContain("its sender was closed");
  });

  it("has one more attempt after it was frozen", async () => {
    const code = `${client("timeoutMs: 1500")} client.send(${one}).then(() => console.log("accepted"), console.log);`;
    const { own, child, ended, printed } = await start(code, (_, before) => (before === 0 ? outage("1") : undefined));
    await expect.poll(() => own.requests.length).toBe(1);
    await sleep(200);
    child.kill("SIGSTOP");
    await sleep(3000);
    child.kill("SIGCONT");
    await ended;
    expect(printed()).toBe("accepted\n");
  });

  it("ends when its last event has its outcome, whatever it waited for", async () => {
    const code = `${client("")} client.send(${one}, { signal: AbortSignal.timeout(500) }).catch((error) => console.log(error.name));`;
    const { ended, printed, own } = await start(code, () => outage("30"));
    await expect.poll(() => own.requests.length).toBe(1);
    const startedAt = performance.now();
    await ended;
    expect(printed()).toBe("AbortError\n");
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it("has a line on stderr, and no unhandled rejection, for an event of add", async () => {
    const code = `import { createSender } from "@pulsecart/events"; ${client("")}
      const sender = createSender(client); sender.add(${one}); await sender.close();`;
    const { ended, printed } = await start(code, () => ({ status: 403 }));
    expect((await ended)[0]).toBe(0);
    expect(printed()).toMatch(/^@pulsecart\/events: commerce \(http.*\) refused e: 403 [^\n]*\n$/);
  });
});

describe("its types, without valibot, DOM or Node's", { timeout: 120_000 }, () => {
  // Both generations: the project's compiler, and the one that most callers have.
  const compilers = { "TypeScript 7": `${root}node_modules/`, "TypeScript 5": tools };

  async function compile(compiler: string, code: string, more = ""): Promise<string> {
    await folder.write("caller.mts", code);
    const options = "--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --module nodenext";
    const command = `"${process.execPath}" "${compiler}.bin/tsc" ${options} --target es2023 --lib es2023 ${more} caller.mts`;
    return folder.sh(command).then(
      () => "",
      ({ stdout }: { stdout: string }) => stdout,
    );
  }

  const start = `import { createClient, type EventOf, type EventOfType, type EventType } from "@pulsecart/events";
    const client = createClient({ baseUrl: "http://localhost" });\n`;
  const order = `event_type: "order.placed", user_id: "u"`;
  const items = `items: [{ product_id: "p", quantity: 1 }]`;

  describe.each(Object.entries(compilers))("%s", (_, compiler) => {
    it("takes every sample of the registry, members that no schema names, objects of interfaces, and any type's event", async () => {
      const samples = Object.values(domains).flatMap(({ events }) => Object.values(events).map(({ sample }) => sample));
      const code = `${start}
        interface Shipping { method: string }
        const shipping: Shipping = { method: "standard" };
        interface Order extends EventOf<"order.placed"> { extra: number }
        const event: Order = { ${order}, order_id: "o", session_id: "s", extra: 1, payload: { ${items}, total: 1, shipping, more: [] } };
        function track<K extends EventType>(event: EventOfType<K>): Promise<unknown> {
          return client.send(event);
        }
        await track(event);
        await track({ ${order}, order_id: "o", payload: { ${items}, total: 1, more: [] } });
        // @ts-expect-error
        await track({ ${order}, payload: { ${items}, total: 1 } });
        const [result] = await client.sendAll([event, ${samples.map((sample) => JSON.stringify(sample)).join(", ")}]);
        if (result?.error === undefined) result?.message_id satisfies string | undefined;
        else result.error.event_id satisfies string;
        export {};`;
      expect(await compile(compiler, code)).toBe("");
    });

    const wrong: [string, string, RegExp][] = [
      ["an order without order_id", `{ ${order}, payload: { ${items}, total: 1 } }`, /order_id/],
      ["a total that is text", `{ ${order}, order_id: "o", payload: { ${items}, total: "1" } }`, /string/],
      ["a total that is missing", `{ ${order}, order_id: "o", payload: { ${items} } }`, /total/],
      [
        "an item without quantity",
        `{ ${order}, order_id: "o", payload: { items: [{ product_id: "p" }], total: 1 } }`,
        /quantity/,
      ],
      ["a misspelt field", `{ ${order}, order_id: "o", sesion_id: "s", payload: { ${items}, total: 1 } }`, /sesion_id/],
      [
        "a field in other case",
        `{ ${order}, order_id: "o", USER_ID: "u", payload: { ${items}, total: 1 } }`,
        /USER_ID/,
      ],
      ["an unknown type", `{ event_type: "order.place", user_id: "u", payload: {} }`, /order\.place/],
    ];
    it.each(wrong)("refuses %s", async (__, event, expected) => {
      expect(await compile(compiler, `${start}await client.send(${event}); export {};`)).toMatch(expected);
    });
  });

  it("take what docs/calling.md prints", async () => {
    const withNode = `--types node --typeRoots "${root}node_modules/@types" --skipLibCheck`;
    const printed = blocks.filter(
      ({ heading, language }) => (heading === CLIENT && language === "ts") || language === "js",
    );
    expect(printed).toHaveLength(5);
    for (const { code } of printed) expect(await compile(compilers["TypeScript 7"], code, withNode)).toBe("");
  });
});
