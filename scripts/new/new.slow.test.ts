import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../common/free-port.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const START_TIMEOUT_MS = 90_000;
const left = new Set(["node_modules", "dist", ".git"]);

const folder = mkdtempSync(join(tmpdir(), "pulsecart-new-"));
// Without npm's own variables: the stack ends with the npm that started it, and this is not one of its own.
const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("npm_"));
const environment = {
  ...Object.fromEntries(inherited),
  PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
};

/** Runs a command of the copy. */
function run(command: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    env: environment,
    timeout: 120_000,
  });
  return { code: status, stdout, stderr };
}

const runNew = (...args: readonly string[]) => run(process.execPath, "scripts/new/main.ts", ...args);
const runGate = (...args: readonly string[]) => run(process.execPath, "scripts/contract/main.ts", ...args);
const build = () => run(process.execPath, "esbuild.config.mjs");
const git = (...args: readonly string[]) =>
  run("git", "-c", "user.name=Test", "-c", "user.email=test@example.com", ...args);

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(join(folder, file), "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not have ${from}`);
  writeFileSync(
    join(folder, file),
    text.replace(from, () => to),
  );
}

beforeAll(() => {
  for (const entry of readdirSync(root).filter((name) => !left.has(name))) {
    const filter = (path: string) => !/[\\/](node_modules|dist)$/.test(path);
    cpSync(join(root, entry), join(folder, entry), { recursive: true, filter });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  writeFileSync(join(folder, ".gitignore"), "node_modules\ndist/\n");
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-q", "-m", "Before");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("npm run new, in a copy of the project", () => {
  it("writes an event type and a domain, and says what is left to think about", { timeout: 60_000 }, () => {
    const event = runNew("event", "commerce", "refund.issued");
    expect(event).toMatchObject({ code: 0, stderr: "" });
    expect(event.stdout).toContain("shared/events/published/refund.issued.json written");
    expect(event.stdout).toContain("Left to think about");
    const domain = runNew("domain", "loyalty", "points.earned");
    expect(domain).toMatchObject({ code: 0, stderr: "" });
    for (const file of ["shared/events/loyalty.ts", "functions/loyalty.ts", "shared/events/registry.ts", "README.md"]) {
      expect(domain.stdout).toContain(`${file} written`);
    }
    expect(domain.stdout).toContain("who may call");
    expect(runNew("domain", "gift-cards", "gift_card.sold")).toMatchObject({ code: 0, stderr: "" });
  });

  it.each<[string[], string]>([
    [["event", "commerce", "order.placed"], "order.placed is an event type of commerce already"],
    [["event", "payments", "x.y"], 'there is no domain "payments"; there are user-actions, commerce, system'],
    [["event", "commerce", "Refund"], "an event type is words of a-z 0-9 _ joined by dots"],
    [["domain", "message", "x.y"], "shared/events/message.ts is there already"],
    [["domain", "console", "x.y"], "console cannot be a domain's name"],
    [["domain", "a-name-that-is-much-too-long", "x.y"], "a domain's name is at most 20"],
    [["everything"], "Usage: npm run new"],
  ])("refuses %j", (args, message) => {
    const { code, stderr } = runNew(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it("leaves nothing for the linter, the compiler and the gate", { timeout: 300_000 }, () => {
    expect(run("biome", "check", "--error-on-warnings", ".")).toMatchObject({ code: 0 });
    expect(run("tsc", "--noEmit")).toMatchObject({ code: 0, stdout: "" });
    expect(runGate()).toMatchObject({ code: 0 });
    const gate = runGate("--base", "HEAD");
    expect(gate.stdout.trim().split("\n").sort()).toEqual([
      "gift_card.sold  COMPATIBLE  type added",
      "points.earned  COMPATIBLE  type added",
      "refund.issued  COMPATIBLE  type added",
    ]);
    expect(gate.code).toBe(0);
  });

  it("has the documents follow", () => {
    for (const [script, file, texts] of [
      ["scripts/build/openapi/write.ts", "dist/openapi/pulsecart.json", ["refund.issued", "points.earned"]],
      [
        "scripts/build/asyncapi/write.ts",
        "dist/asyncapi/pulsecart.json",
        ["refund.issued", "pulsecart.loyalty-events"],
      ],
      ["scripts/build/schemas/write.ts", "dist/schemas/index.json", ["refund.issued", "points.earned.json"]],
    ] as const) {
      expect(run(process.execPath, script)).toMatchObject({ code: 0, stderr: "" });
      for (const text of texts) expect(readFileSync(join(folder, file), "utf8")).toContain(text);
    }
  });

  it("has what is deployed and provisioned follow", { timeout: 120_000 }, () => {
    expect(build()).toMatchObject({ code: 0, stderr: "" });
    const place = ["--project", "shop-prod", "--region", "europe-west1", "--dry-run"];
    const deploy = run(process.execPath, "scripts/deploy/deploy.ts", ...place);
    expect(deploy).toMatchObject({ code: 0, stderr: "" });
    expect(deploy.stdout).toContain("--entry-point=loyalty");
    expect(deploy.stdout).toContain("--entry-point=giftCards");
    const provision = run(process.execPath, "scripts/deploy/provision.ts", ...place);
    expect(provision.code).toBe(0);
    for (const name of ["pulsecart.loyalty-events.dead-letter", "pulsecart-gift-cards"]) {
      expect(provision.stdout).toContain(name);
    }
  });

  it("has the local stack take what is new", { timeout: 4 * START_TIMEOUT_MS }, async () => {
    const port = await findFreePort();
    const stack = spawn(process.execPath, ["scripts/local/start.ts", `--port=${port}`, "--broker=embedded"], {
      cwd: folder,
      env: environment,
      stdio: "ignore",
    });
    const ended = once(stack, "exit");
    try {
      const url = `http://127.0.0.1:${port}`;
      const isHealthy = async () => (await fetch(`${url}/health`).catch(() => undefined))?.ok;
      await expect.poll(isHealthy, { timeout: START_TIMEOUT_MS, interval: 200 }).toBe(true);
      const send = async (event_type: string) => {
        const response = await fetch(`${url}/events/ingest`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ event_type, user_id: "usr_1", payload: {} }),
        });
        return response.status;
      };
      for (const type of ["refund.issued", "points.earned", "gift_card.sold"])
        expect([type, await send(type)]).toEqual([type, 202]);
      // What comes while it runs.
      expect(runNew("event", "system", "stock.counted").code).toBe(0);
      expect(runNew("domain", "returns", "return.requested").code).toBe(0);
      const wait = { timeout: START_TIMEOUT_MS, interval: 500 };
      await expect.poll(() => send("stock.counted"), wait).toBe(202);
      await expect.poll(() => send("return.requested"), wait).toBe(202);
      expect((await fetch(`${url}/returns/health`)).status).toBe(200);
      expect(await (await fetch(`${url}/console/info`)).json()).toMatchObject({
        functions: expect.arrayContaining(["returns"]),
      });
      expect(await (await fetch(`${url}/asyncapi.json`)).text()).toContain("pulsecart.gift-cards-events");
    } finally {
      stack.kill("SIGTERM");
      await ended;
    }
  });
});

describe("what is forgotten by hand is one line that names the file", () => {
  /** The registry without its new domain, a function without one, and the like. */
  it.each<[string, () => void, string]>([
    [
      "a domain without function",
      () => rmSync(join(folder, "functions/loyalty.ts")),
      "functions/loyalty.ts is missing: the domain loyalty has no function",
    ],
    [
      "a domain that is not in the registry",
      () => edit("shared/events/registry.ts", "  loyalty,\n", ""),
      "shared/events/loyalty.ts: its domain is not in shared/events/registry.ts\nfunctions/loyalty.ts: its domain is not in shared/events/registry.ts",
    ],
    [
      "a function that exports something else",
      () => edit("functions/loyalty.ts", "export const loyalty", "export const points"),
      "functions/loyalty.ts does not export loyalty, the entry point of the domain loyalty",
    ],
    [
      "a sample that breaks its schema",
      () =>
        edit(
          "shared/events/loyalty.ts",
          "payload: v.looseObject({})",
          "payload: v.looseObject({ points: v.number() })",
        ),
      "shared/events/loyalty.ts: the sample of points.earned breaks its schema at payload.points",
    ],
    [
      "a type in two domains",
      () => edit("shared/events/loyalty.ts", '"points.earned": {', '"refund.issued": {'),
      "shared/events/: refund.issued is an event type of two domains",
    ],
  ])("%s", (_, forget, line) => {
    git("add", "-A");
    git("commit", "-q", "-m", "After");
    forget();
    const { code, stdout, stderr } = build();
    git("checkout", "-q", ".");
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: `${line}\n` });
  });

  it("a picture that is stale", () => {
    edit("shared/events/loyalty.ts", "Points earned.", "A shopper earned points.");
    const { code, stdout } = runGate();
    expect(stdout.trim().split("\n")).toEqual([
      "shared/events/published/points.earned.json is not what the contract says: npm run contract -- --write",
      "README.md is not what the contract says: npm run contract -- --write",
    ]);
    expect(code).toBe(1);
  });
});
