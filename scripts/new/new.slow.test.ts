import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Domain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { findFreePort } from "../common/free-port.ts";
import { ProjectCopy } from "../testing/project-copy.ts";

const START_TIMEOUT_MS = 90_000;

/** What there is already is not for a test to know. */
const [anyDomain] = Object.values<Domain>(domains) as [Domain];

const copy = new ProjectCopy();
const { folder, environment } = copy;
afterAll(() => copy.close());

const run = (command: string, ...args: readonly string[]) => copy.run(command, args);
const runNew = (...args: readonly string[]) => copy.node("scripts/new/main.ts", ...args);
const runGate = (...args: readonly string[]) => copy.node("scripts/contract/main.ts", ...args);
const build = () => copy.node("esbuild.config.mjs");
const git = (...args: readonly string[]) => copy.git(...args);
const edit = (file: string, from: string, to: string) => copy.edit(file, from, to);

describe("npm run new, in a copy of the project", () => {
  it("writes an event type and a domain, and says what is left to think about", { timeout: 60_000 }, () => {
    const event = runNew("event", anyDomain.name, "trial.refund_issued");
    expect(event).toMatchObject({ code: 0, stderr: "" });
    expect(event.stdout).toContain("shared/events/published/trial.refund_issued.json written");
    expect(event.stdout).toContain("Left to think about");
    const domain = runNew("domain", "trial-loyalty", "trial.points_earned");
    expect(domain).toMatchObject({ code: 0, stderr: "" });
    for (const file of [
      "shared/events/trial-loyalty.ts",
      "functions/trial-loyalty.ts",
      "shared/events/registry.ts",
      "README.md",
    ]) {
      expect(domain.stdout).toContain(`${file} written`);
    }
    expect(domain.stdout).toContain("who may call");
    expect(runNew("domain", "trial-gift-cards", "trial.gift_card_sold")).toMatchObject({ code: 0, stderr: "" });
  });

  const file = `shared/events/${anyDomain.name}.ts`;
  const isClean = () => expect(git("status", "--porcelain").stdout).toBe("");

  it("undoes what it has written when it fails half-way", { timeout: 60_000 }, () => {
    git("add", "-A");
    git("commit", "-q", "-m", "New");
    edit("README.md", "<!-- /events -->", "<!-- /event -->");
    git("commit", "-q", "-a", "-m", "A document that cannot be renewed");
    const { code, stderr } = runNew("domain", "trial-half", "trial.half_done");
    expect(stderr).toMatch(/^contract: [^\n]+\nnew: nothing was changed\n$/);
    expect(code).toBe(1);
    isClean();
    git("reset", "-q", "--hard", "HEAD~1");
  });

  it.each<[string, (text: string) => string]>([
    ["Windows' line ends", (text) => text.replaceAll("\n", "\r\n")],
    ["comments at its end", (text) => `${text}// Ask the team before you add a type.\n/* The\n   end. */\n`],
  ])("copes with a file with %s", { timeout: 60_000 }, (_, change) => {
    const source = readFileSync(join(folder, file), "utf8");
    writeFileSync(join(folder, file), change(source));
    expect(runNew("event", anyDomain.name, "trial.coped_with")).toMatchObject({ code: 0, stderr: "" });
    const written = readFileSync(join(folder, file), "utf8");
    const [start = "", end = ""] = written.split(/(?<=\n) {4}"trial\.coped_with": \{[\s\S]*?\n {4}\},\r?\n/);
    expect(start + end).toBe(change(source));
    expect(written.includes("\r\n")).toBe(change("\n") === "\r\n");
    git("checkout", "-q", ".");
    git("clean", "-fdq");
  });

  it("says in one line that it cannot read a file", () => {
    writeFileSync(join(folder, file), readFileSync(join(folder, file), "utf8").replace(/\}\);\n$/, "} as const);\n"));
    const { code, stderr } = runNew("event", anyDomain.name, "trial.not_read");
    git("checkout", "-q", ".");
    expect(stderr).toBe(`${file} does not end with the events of defineDomain: add the entry by hand\n`);
    expect(code).toBe(2);
  });

  it("leaves nothing for the linter, the compiler and the gate", { timeout: 300_000 }, () => {
    expect(run("biome", "check", "--error-on-warnings", ".")).toMatchObject({ code: 0 });
    expect(run("tsc", "--noEmit")).toMatchObject({ code: 0, stdout: "" });
    expect(runGate()).toMatchObject({ code: 0 });
    const gate = runGate("--base", "before");
    expect(gate.stdout.trim().split("\n").sort()).toEqual([
      "trial.gift_card_sold  COMPATIBLE  type added",
      "trial.points_earned  COMPATIBLE  type added",
      "trial.refund_issued  COMPATIBLE  type added",
    ]);
    expect(gate.code).toBe(0);
  });

  it("has the documents follow", () => {
    for (const [document, file, texts] of [
      ["openapi", "dist/openapi/pulsecart.json", ["trial.refund_issued", "trial.points_earned"]],
      ["asyncapi", "dist/asyncapi/pulsecart.json", ["trial.refund_issued", "pulsecart.trial-loyalty-events"]],
      ["schemas", "dist/schemas/index.json", ["trial.refund_issued", "trial.points_earned.json"]],
    ] as const) {
      expect(run(process.execPath, "scripts/build/write-documents.ts", document)).toMatchObject({
        code: 0,
        stderr: "",
      });
      for (const text of texts) expect(readFileSync(join(folder, file), "utf8")).toContain(text);
    }
  });

  it("has what is deployed and provisioned follow", { timeout: 120_000 }, () => {
    expect(build()).toMatchObject({ code: 0, stderr: "" });
    const place = ["--project", "shop-prod", "--region", "europe-west1", "--dry-run"];
    const deploy = run(process.execPath, "scripts/deploy/deploy.ts", ...place);
    expect(deploy).toMatchObject({ code: 0, stderr: "" });
    expect(deploy.stdout).toContain("--entry-point=trialLoyalty");
    expect(deploy.stdout).toContain("--entry-point=trialGiftCards");
    const provision = run(process.execPath, "scripts/deploy/provision.ts", ...place);
    expect(provision.code).toBe(0);
    for (const name of ["pulsecart.trial-loyalty-events.dead-letter", "pulsecart-trial-gift-cards"]) {
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
      for (const type of ["trial.refund_issued", "trial.points_earned", "trial.gift_card_sold"])
        expect([type, await send(type)]).toEqual([type, 202]);
      // What comes while it runs.
      expect(runNew("event", anyDomain.name, "trial.stock_counted").code).toBe(0);
      expect(runNew("domain", "trial-returns", "trial.return_requested").code).toBe(0);
      const wait = { timeout: START_TIMEOUT_MS, interval: 500 };
      await expect.poll(() => send("trial.stock_counted"), wait).toBe(202);
      await expect.poll(() => send("trial.return_requested"), wait).toBe(202);
      expect((await fetch(`${url}/trial-returns/health`)).status).toBe(200);
      expect(await (await fetch(`${url}/console/info`)).json()).toMatchObject({
        functions: expect.arrayContaining(["trial-returns"]),
      });
      expect(await (await fetch(`${url}/asyncapi.json`)).text()).toContain("pulsecart.trial-gift-cards-events");
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
      () => rmSync(join(folder, "functions/trial-loyalty.ts")),
      "functions/trial-loyalty.ts is missing: the domain trial-loyalty has no function",
    ],
    [
      "a domain that is not in the registry",
      () => edit("shared/events/registry.ts", '  "trial-loyalty": trialLoyalty,\n', ""),
      "shared/events/trial-loyalty.ts: its domain is not in shared/events/registry.ts\nfunctions/trial-loyalty.ts: its domain is not in shared/events/registry.ts",
    ],
    [
      "a function that exports something else",
      () => edit("functions/trial-loyalty.ts", "export const trialLoyalty", "export const points"),
      "functions/trial-loyalty.ts does not export trialLoyalty, the entry point of the domain trial-loyalty",
    ],
    [
      "a sample that breaks its schema",
      () =>
        edit(
          "shared/events/trial-loyalty.ts",
          "payload: v.looseObject({})",
          "payload: v.looseObject({ points: v.number() })",
        ),
      "shared/events/trial-loyalty.ts: the sample of trial.points_earned breaks its schema at payload.points",
    ],
    [
      "a type in two domains",
      () => edit("shared/events/trial-loyalty.ts", '"trial.points_earned": {', '"trial.refund_issued": {'),
      "shared/events/: trial.refund_issued is an event type of two domains",
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
    edit("shared/events/trial-loyalty.ts", "Trial points earned.", "A shopper earned points.");
    const { code, stdout } = runGate();
    expect(stdout.trim().split("\n")).toEqual([
      "shared/events/published/trial.points_earned.json is not what the contract says: npm run contract -- --write",
      "README.md is not what the contract says: npm run contract -- --write",
    ]);
    expect(code).toBe(1);
  });

  it("a name that is misspelt, in the local stack", async () => {
    edit("shared/events/trial-loyalty.ts", "v.looseObject({})", "looseObject({})");
    const builder = fork("scripts/local/build-functions.ts", ["commerce"], {
      cwd: folder,
      env: environment,
      stdio: "ignore",
    });
    const [{ failure }] = await once(builder, "message");
    git("checkout", "-q", ".");
    expect(failure).toContain("ReferenceError: looseObject is not defined");
    expect(failure).toMatch(/shared\/events\/trial-loyalty\.ts:\d+:\d+:/);
  });
});
