import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { runProgram } from "../common/run-program.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "../pubsub/embedded/server.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../pubsub/faulty-pubsub.ts";
import { openGcloud, type StubbedGcloud } from "../testing/google-cloud/gcloud-environment.ts";
import { type StubGoogleCloud, startStubGoogleCloud } from "../testing/google-cloud/google-cloud.ts";
import { toLogEntry } from "../testing/google-cloud/log-filter.ts";
import { gcloudTimeout, hasGcloud } from "../testing/google-cloud/sandbox.ts";
import { expectAll, ofFourUsers, openDeadLetters, redriveAll, toId } from "./testing/dead-letters.ts";
import { openStack } from "./testing/operated-stack.ts";

const project = "shop-prod";

describe.skipIf(!hasGcloud)("with the real gcloud", { timeout: gcloudTimeout }, () => {
  let cloud: StubGoogleCloud;
  let gcloud: StubbedGcloud;
  let pubsub: EmbeddedPubSub;
  beforeAll(async () => {
    pubsub = await startEmbeddedPubSub();
    cloud = await startStubGoogleCloud(project);
    cloud.pubsubEndpoint = pubsub.endpoint;
    gcloud = await openGcloud(cloud);
  });
  afterAll(async () => {
    await gcloud?.close();
    await cloud?.close();
    await pubsub?.close();
  });
  const run = (command: "where" | "redrive", ...args: string[]) =>
    runProgram(
      process.execPath,
      [fileURLToPath(new URL(`${command}.ts`, import.meta.url)), ...args, "--project", project],
      { ...gcloud.environment, CLOUDSDK_CORE_ACCOUNT: "ops@example.com" },
    );
  const where = (id: string, ...args: string[]) => run("where", id, "--region", "europe-west1", ...args);
  const log = (line: Readonly<Record<string, unknown>>, service = "commerce") =>
    cloud.logged.push({
      timestamp: new Date().toISOString(),
      ...toLogEntry({ severity: "INFO", event_type: "order.placed", latency_ms: 3, ...line }, service),
    });

  test("an event's whole story, brought back from the dead letters with digits and key byte for byte", async () => {
    const stack = await openStack(pubsub.endpoint, project);
    const { admin, topic, subscription, pull, published } = stack;
    const data = Buffer.from('{"event_id":"evt_1","payload":{"n":9007199254740993, "total":89.90,"t":"\\u00e9é"}}');
    const attributes = {
      event_type: "order.placed",
      event_id: "evt_1",
      caller: "shop@shop-prod.iam.gserviceaccount.com",
    };
    log({ message: "Event refused", event_id: "evt_1", code: "invalid_event", retryable: false, paths: "user_id" });
    const [messageId] = await admin.publish(topic, [{ data, orderingKey: "schlüssel 😀", attributes }]);
    log({ message: "Event accepted", event_id: "evt_1", message_id: messageId });
    log({ message: "Event accepted", event_id: "EVT_1", message_id: "77" });
    for (let delivery = 0; delivery < 10; delivery += 1) await pull(subscription, true);

    const [found, shown] = await Promise.all([where("evt_1"), where("evt_1", "--show")]);
    expect([found.code, found.stderr]).toEqual([0, ""]);
    expect(found.stdout).toContain("to commerce: refused invalid_event after 3 ms at user_id\n");
    expect(found.stdout).toContain(
      `to commerce by shop@shop-prod.iam.gserviceaccount.com: accepted as message ${messageId} after 3 ms\n`,
    );
    expect(found.stdout).toContain(
      `given up by ${subscription} after 10 deliveries, ${data.length} bytes, key "schlüssel 😀"`,
    );
    expect(found.stdout).not.toMatch(/9007199254740993|EVT_1/);
    expect(shown.stdout).toContain(data.toString());

    const dry = await run("redrive", "commerce", "--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain(`  1 order.placed from ${subscription}, `);
    expect(published).toHaveLength(1);
    const redriven = await run("redrive", "commerce");
    expect([redriven.code, redriven.stderr]).toEqual([0, ""]);
    await vi.waitUntil(() => published.length === 2);
    expect(published[1]).toMatchObject({ data, orderingKey: "schlüssel 😀" });
    expect(published[1]?.attributes).toEqual({ ...attributes, redriven: "1" });
    const [again, after] = await Promise.all([run("redrive", "commerce"), where("evt_1")]);
    expect(again.stdout).toContain("  none");
    expect(after.stdout).toContain('redriven="1"');
    expect((await stack.listSubscriptions()).filter((name) => name.includes("where"))).toEqual([]);
    expect(cloud.unknown).toEqual([]);
  });

  test("what leaves no line is found on its topic; what is nowhere, and why that may be", async () => {
    const { admin } = await openStack(pubsub.endpoint, project);
    const id = "v".repeat(128);
    const attributes = { event_type: "product.viewed", event_id: id };
    await admin.publish("pulsecart.user-actions", [{ data: Buffer.from("{}"), orderingKey: "u", attributes }]);
    const [found, nowhere] = await Promise.all([where(id), where("evt_never")]);
    expect([found.code, found.stdout]).toEqual([
      0,
      expect.stringMatching(/ message +\d+ on pulsecart\.user-actions, 2 bytes/),
    ]);
    expect([nowhere.code, nowhere.stdout]).toEqual([1, expect.stringContaining("user-actions logs from warning on")]);
    expect(nowhere.stdout).toContain('"Events refused"');
  });

  test.each([
    ["logging", "entries:list", "logging.logEntries.list", "roles/logging.viewer"],
    ["pubsub", ":seek", "pubsub.subscriptions.consume", "roles/pubsub.subscriber"],
  ])("the role that is missing where %s refuses %s", async (api, path, permission, role) => {
    cloud.refuse = (request) =>
      request.api === api && request.path.endsWith(path) ? "User not authorized to perform this action." : undefined;
    const { code, stderr } = await where("evt_1");
    cloud.refuse = () => undefined;
    expect(code).toBe(2);
    expect(stderr).toContain(`permission ${permission} is missing`);
    expect(stderr).toContain(`--role=${role}`);
  });

  test("a redrive that may not read the dead letters is not begun", async () => {
    cloud.refuse = ({ path }) => (path.endsWith(":pull") ? "User not authorized to perform this action." : undefined);
    const { code, stderr } = await run("redrive", "commerce");
    cloud.refuse = () => undefined;
    expect([code, stderr]).toEqual([2, expect.stringContaining("permission pubsub.subscriptions.consume is missing")]);
  });
});

describe("switch", () => {
  const here = ["--project", "shop-prod", "--region", "europe-west1", "commerce"];

  describe.skipIf(!hasGcloud)("switch with the real gcloud", { timeout: gcloudTimeout }, () => {
    test("sets one variable of what serves, also while an older revision is pinned, and takes it back", async () => {
      const cloud = await startStubGoogleCloud("shop-prod");
      const gcloud = await openGcloud(cloud);
      onTestFinished(async () => {
        await gcloud.close();
        await cloud.close();
      });
      const script = new URL("switch.ts", import.meta.url).pathname;
      const run = (...args: string[]) => runProgram(process.execPath, [script, ...args, ...here], gcloud.environment);
      const find = () => {
        const { template, traffic } = cloud.run.services.get("commerce") ?? {};
        const [container] = template?.spec?.containers ?? [];
        const variables = Object.fromEntries(container?.env?.map(({ name, value }) => [name, value]) ?? []);
        return { variables, traffic, image: container?.image, labels: template?.metadata?.labels };
      };
      cloud.run.deploy("commerce", { environmentVariables: { LOG_LEVEL: "info", NOTE: "a,b" }, maxInstanceCount: 10 });
      const { image } = find();
      expect(await run("payload-checks", "report")).toMatchObject({
        code: 0,
        stderr: "",
        stdout: expect.stringMatching(/^commerce serves commerce-\S+, with PAYLOAD_CHECKS=report\n$/),
      });
      const [, serving = ""] = cloud.run.services.get("commerce")?.revisions.map(({ name }) => name) ?? [];
      expect(find()).toMatchObject({
        variables: { LOG_LEVEL: "info", NOTE: "a,b", PAYLOAD_CHECKS: "report" },
        traffic: [{ latestRevision: true, percent: 100 }],
      });

      cloud.run.deploy("commerce", { environmentVariables: { LOG_LEVEL: "error" }, maxInstanceCount: 40 });
      Object.assign(cloud.run.services.get("commerce") ?? {}, { traffic: [{ revisionName: serving, percent: 100 }] });
      expect((await run("log-level", "debug")).code).toBe(0);
      const made = cloud.run.services.get("commerce")?.revisions.at(-1)?.name;
      expect(find()).toMatchObject({
        image,
        variables: { LOG_LEVEL: "debug", NOTE: "a,b", PAYLOAD_CHECKS: "report" },
        traffic: [{ revisionName: made, percent: 100 }],
        labels: { "switched-log-level": "debug", "switched-payload-checks": "report" },
      });
      expect((await run("payload-checks", "registry")).code).toBe(0);
      expect(find().variables).toEqual({ LOG_LEVEL: "debug", NOTE: "a,b" });
      expect(cloud.unknown).toEqual([]);
    });
  });
});

describe("redrive", () => {
  const script = fileURLToPath(new URL("redrive.ts", import.meta.url));

  let pubsub: FaultyPubSub;
  beforeAll(async () => {
    for (const name of ["log", "error"] as const) vi.spyOn(console, name).mockReturnValue();
    pubsub = await startFaultyPubSub();
  });
  afterAll(() => pubsub?.close());

  test("killed at any step, Pub/Sub failing half of the time, nothing is lost, and one of each key comes twice at most", async () => {
    const steps = Array.from({ length: 36 }, (_, index) => index + 1);
    const stacks = await Promise.all(steps.map(() => openDeadLetters(pubsub.endpoint, ofFourUsers)));
    onTestFinished(pubsub.faults.every(2, { kind: "error", code: status.UNAVAILABLE }) as () => void);
    const codes = await Promise.all(
      steps.map((step, index) => redriveAll(stacks[index] as never, (run) => (run === 0 ? step : Infinity))),
    );
    expect(codes.filter(([first]) => first === "killed").length).toBeGreaterThan(15);
    for (const { published } of stacks) expectAll(published, 4);
  }, 60_000);

  test("the process itself, killed and ended: what was left is brought back", async () => {
    const letters = Array.from({ length: 30 }, (_, index) => ({ key: `u${index % 3}`, id: `e${index}` }));
    const { url, published, pull, kept } = await openDeadLetters(pubsub.endpoint, letters);
    const env = process.env;
    const start = (signal: NodeJS.Signals) => {
      const child = spawn(process.execPath, [script, "commerce", "--local", url, "--rate", "10"], {
        stdio: "ignore",
        env,
      });
      const ended = once(child, "exit");
      return { ended, end: () => child.kill(signal) };
    };
    const interrupted = start("SIGTERM");
    await vi.waitUntil(() => published.length >= 3, { timeout: 20_000 });
    interrupted.end();
    expect(await interrupted.ended).toEqual([1, null]);
    const killed = start("SIGKILL");
    const before = published.length;
    await vi.waitUntil(() => published.length >= before + 3, { timeout: 20_000 });
    killed.end();
    expect(await killed.ended).toEqual([null, "SIGKILL"]);
    expect(new Set(published.map(toId)).size).toBe(published.length);
    expect(published.length).toBeLessThan(30);
    // The lease of the one that was killed is ten seconds.
    await vi.waitUntil(
      async () => {
        const { code } = await runProgram(process.execPath, [script, "commerce", "--local", url], env);
        return code === 0 && new Set(published.map(toId)).size === 30;
      },
      { timeout: 30_000, interval: 1_000 },
    );
    expect(await pull(kept)).toEqual([]);
    expect(published.length).toBeLessThanOrEqual(33);
  }, 60_000);
});

describe("faults", () => {
  const script = fileURLToPath(new URL("faults.ts", import.meta.url));

  describe.skipIf(!hasGcloud)("faults with the real gcloud", { timeout: gcloudTimeout }, () => {
    let cloud: StubGoogleCloud;
    let gcloud: StubbedGcloud;
    beforeAll(async () => {
      cloud = await startStubGoogleCloud("shop-prod");
      gcloud = await openGcloud(cloud);
    });
    afterAll(async () => {
      await gcloud?.close();
      await cloud?.close();
    });
    const run = (...args: string[]) =>
      runProgram(process.execPath, [script, "--project", "shop-prod", ...args], {
        ...gcloud.environment,
        CLOUDSDK_CORE_ACCOUNT: "ops@example.com",
      });
    const log = (hoursAgo: number, line: Readonly<Record<string, unknown>>, service = "commerce") =>
      cloud.logged.push({
        timestamp: new Date(Date.now() - hoursAgo * 3_600_000).toISOString(),
        ...toLogEntry({ severity: "INFO", ...line }, service),
      });

    test("a mix of types, callers and silence", async () => {
      const order = { event_type: "order.placed" };
      log(200, { message: "Events accepted", ...order, count: 5000 });
      log(30, {
        message: "Payload differs from its schema",
        ...order,
        count: 9,
        caller: "b",
        paths: { "payload.total": 9 },
      });
      log(20, { message: "Events accepted", ...order, count: 1000, caller: "a" });
      log(19, { message: "Event accepted", ...order });
      log(18, { message: "Events accepted", ...order, count: 7777 }, "another-service");
      log(2, { message: "Events accepted", event_type: "cart.abandoned", count: 999 });
      log(1, { message: "Events refused", event_type: "cart.abandoned", code: "invalid_event", count: 1 });

      const all = await run("--json");
      expect([all.code, all.stderr]).toEqual([1, ""]);
      const reports = JSON.parse(all.stdout);
      expect(reports).toHaveLength(8);
      expect(reports).toContainEqual({
        type: "order.placed",
        events: 1000,
        verdict: "not safe: b 9",
        rows: [
          {
            ...{ caller: "b", path: "payload.total", refused: 0, marked: 9 },
            ...{ first: expect.stringMatching(/Z$/), last: expect.stringMatching(/Z$/) },
          },
        ],
      });
      expect(reports).toContainEqual(
        expect.objectContaining({ type: "payment.failed", verdict: "not known: 0 events" }),
      );

      const latest = await run("--since", "24h", "--type", "order.placed");
      expect([latest.code, latest.stdout.trim().split("\n").at(-1)]).toEqual([0, "order.placed: safe to enforce"]);
      const long = await run("--since", "30d", "--type", "cart.abandoned");
      expect([long.code, long.stdout.trim().split("\n").at(-1)]).toEqual([0, "cart.abandoned: safe to enforce"]);
      expect(cloud.requests).toHaveLength(3);
      expect(cloud.unknown).toEqual([]);
    });

    test("who may not read the log is told which role is missing", async () => {
      cloud.refuse = () => "Permission denied for all log views";
      const { code, stdout, stderr } = await run();
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toBe(
        "permission logging.logEntries.list is missing; an owner of the project grants it with: gcloud projects " +
          "add-iam-policy-binding shop-prod --member=user:ops@example.com --role=roles/logging.viewer --condition=None\n",
      );
      cloud.refuse = () => undefined;
    });
  });
});
