import { spawn } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectPubSub } from "../../pubsub/client.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "../../pubsub/embedded/server.ts";
import { type CallerFolder, type CallerWorld, isMissing, openCallerWorld, root } from "./caller-folder.ts";
import { findBlock, publishCommand, readBlocks } from "./documented-callers.ts";

// What docs/consuming.md prints, as a consumer would run it: the reading against the embedded Pub/Sub server, the inboxes
// against stand-ins in memory that have the calls in it.

const READING = 0;
const INBOXES = ["pg", "redis", "@google-cloud/firestore"] as const;
const blocks = readBlocks("consuming.md");
const codeOf = (language: string) => blocks.filter((block) => block.language === language).map(({ code }) => code);

/** Each has the calls that the page makes, and keeps what it is given in memory. */
const standIns: Readonly<Record<(typeof INBOXES)[number], string>> = {
  // As Postgres does, it has the second INSERT of an id wait until the first one's transaction has ended.
  pg: `
    const rows = new Set();
    const open = new Map();
    class Client {
      end = () => {};
      async query(sql, [id] = []) {
        if (sql.startsWith("INSERT")) {
          while (open.has(id)) await open.get(id);
          if (rows.has(id)) return { rowCount: 0 };
          this.id = id;
          open.set(id, new Promise((resolve) => { this.end = resolve; }));
          return { rowCount: 1 };
        }
        if (sql === "COMMIT" && this.id) rows.add(this.id);
        if (sql !== "BEGIN") {
          open.delete(this.id);
          this.end();
        }
        return {};
      }
      release() {}
    }
    export default { Pool: class { async connect() { return new Client(); } } };`,
  redis: `
    const values = new Map();
    export const createClient = () => ({
      async connect() { return this; },
      async exists(key) { return values.has(key) ? 1 : 0; },
      async set(key, value, { EX }) { if (EX > 0) values.set(key, value); },
    });`,
  "@google-cloud/firestore": `
    const documents = new Set();
    export class Firestore {
      collection(name) { return { doc: (id) => name + "/" + id }; }
      async runTransaction(work) {
        const created = [];
        await work({
          async get(path) { return { exists: documents.has(path) }; },
          create(path) { created.push(path); },
        });
        for (const path of created) documents.add(path);
      }
    }`,
};

let world: CallerWorld;
let folder: CallerFolder;
let pubsub: EmbeddedPubSub;

beforeAll(async () => {
  pubsub = await startEmbeddedPubSub();
  world = await openCallerWorld(publishCommand);
  folder = await world.openFolder();
  await folder.sh(findBlock("TypeScript and JavaScript", "sh"));
  await mkdir(`${folder.path}/node_modules/@google-cloud`, { recursive: true });
  await symlink(`${root}node_modules/@google-cloud/pubsub`, `${folder.path}/node_modules/@google-cloud/pubsub`);
  for (const [name, code] of Object.entries(standIns)) {
    await mkdir(`${folder.path}/node_modules/${name}`, { recursive: true });
    await folder.write(`node_modules/${name}/package.json`, '{ "type": "module", "exports": "./index.js" }');
    await folder.write(`node_modules/${name}/index.js`, code);
  }
}, 120_000);
afterAll(async () => {
  await world?.close();
  await pubsub?.close();
});

it("runs every block", () => {
  expect(blocks.map(({ language }) => language)).toEqual(["ts", "ts", "ts", "ts", "python"]);
});

it.each(INBOXES)(
  "has an inbox with %s that does work once, and again after it failed",
  { timeout: 60_000 },
  async (name) => {
    const inbox = codeOf("ts")
      .slice(READING + 1)
      .find((code) => code.includes(`from "${name}"`));
    await folder.write("inbox.ts", inbox ?? "");
    const calls = `import { once } from "./inbox.ts";
    const work = async () => { console.log("done"); };
    await once("a", async () => { throw new Error("no"); }).catch(() => console.log("failed"));
    for (const id of ["a", "a", "b", "a"]) await once(id, work);`;
    await folder.write("calls.ts", calls);
    const { stdout } = await folder.sh(`"${process.execPath}" calls.ts`);
    expect(stdout.split("\n").filter((line) => line === "done")).toHaveLength(2);
    expect(stdout).toContain("failed");
  },
);

const order = (event_id: string, payload: object) =>
  Buffer.from(JSON.stringify({ event_type: "order.placed", event_id, user_id: "usr_1", order_id: "o", payload }));

it("reads what the topic has, each event once", { timeout: 60_000 }, async () => {
  await folder.write("inbox.ts", codeOf("ts")[READING + 1] ?? "");
  await folder.write("consume.ts", codeOf("ts")[READING] ?? "");
  const project = `consuming-${Date.now()}`;
  const admin = connectPubSub(pubsub.endpoint, project);
  await admin.createTopic("events");
  await admin.createSubscription("orders", "events", { ordered: true });
  const attributes = { event_type: "order.placed", event_id: "e1" };
  const good = { data: order("e1", { total: 89.5 }), attributes, orderingKey: "usr_1" };
  const faulty = {
    data: order("e2", { total: "much" }),
    attributes: { ...attributes, payload_faults: "payload.total payload.items" },
  };
  await admin.publish("events", [good]);
  await admin.publish("events", [good]);
  await admin.publish("events", [{ ...faulty, orderingKey: "usr_1" }]);
  admin.close();
  const env = { ...process.env, PUBSUB_EMULATOR_HOST: pubsub.endpoint, GOOGLE_CLOUD_PROJECT: project };
  const child = spawn(process.execPath, ["consume.ts"], { cwd: folder.path, env });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      printed += chunk;
    });
  }
  try {
    await expect
      .poll(() => printed, { timeout: 30_000 })
      .toContain("e2 breaks its schema at payload.total, payload.items");
    expect(printed.match(/usr_1 pays 89\.5/g)).toHaveLength(1);
  } finally {
    child.kill("SIGKILL");
  }
});

it.skipIf(isMissing(["python3"]))("has the same in Python, with the client's calls", async () => {
  await mkdir(`${folder.path}/google/cloud`, { recursive: true });
  await folder.write(
    "google/cloud/pubsub_v1.py",
    `class Message:
    def __init__(self, **attributes):
        self.data, self.attributes = b'{"event_id":"e1","event_type":"order.placed","payload":{"total":89.90}}', attributes
    def ack(self):
        print("acknowledged")

class SubscriberClient:
    def subscription_path(self, project, name):
        return f"{project}/{name}"
    def subscribe(self, path, callback):
        callback(Message())
        callback(Message(payload_faults="payload.total payload.items"))
        return self
    def result(self):
        pass
`,
  );
  await folder.write("consume.py", codeOf("python")[0] ?? "");
  const { stdout } = await folder.sh("python3 consume.py", { GOOGLE_CLOUD_PROJECT: "p" });
  expect(stdout.trim().split("\n")).toEqual([
    "e1 order.placed {'total': Decimal('89.90')}",
    "acknowledged",
    "e1 order.placed ['payload.total', 'payload.items']",
    "acknowledged",
  ]);
});
