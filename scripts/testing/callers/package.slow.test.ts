import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { domains } from "../../../shared/events/registry.ts";
import { installPackage } from "../../common/install-package.ts";
import { type FakeProducer, startFakeProducer } from "../fake-producer.ts";
import { type CallerFolder, type CallerWorld, openCallerWorld, root } from "./caller-folder.ts";
import { publishCommand } from "./documented-callers.ts";
import { blocks, findBlock } from "./guide.ts";

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

  it.skipIf(process.platform !== "linux" || process.arch !== "x64").each(["node20", "node22", process.execPath])(
    "sends with %s",
    async (node) => {
      const program = node.includes("/") ? node : `${tools}${node}/bin/node`;
      await folder.write("send.mjs", findBlock(undefined, "js"));
      const before = producer.requests.length;
      await folder.sh(`"${program}" send.mjs`, { PULSECART_URL: producer.url });
      expect(producer.requests).toHaveLength(before + 1);
    },
  );

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
