import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runProgram } from "../common/run-program.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "../pubsub/embedded/server.ts";
import { openGcloud, type StubbedGcloud } from "../testing/google-cloud/gcloud-environment.ts";
import { type StubGoogleCloud, startStubGoogleCloud } from "../testing/google-cloud/google-cloud.ts";
import { toLogEntry } from "../testing/google-cloud/log-filter.ts";
import { gcloudTimeout, hasGcloud } from "../testing/google-cloud/sandbox.ts";
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

    const found = await where("evt_1");
    expect([found.code, found.stderr]).toEqual([0, ""]);
    expect(found.stdout).toContain("to commerce: refused invalid_event after 3 ms at user_id\n");
    expect(found.stdout).toContain(
      `to commerce by shop@shop-prod.iam.gserviceaccount.com: accepted as message ${messageId} after 3 ms\n`,
    );
    expect(found.stdout).toContain(
      `given up by ${subscription} after 10 deliveries, ${data.length} bytes, key "schlüssel 😀"`,
    );
    expect(found.stdout).not.toMatch(/9007199254740993|EVT_1/);
    expect((await where("evt_1", "--show")).stdout).toContain(data.toString());

    const dry = await run("redrive", "commerce", "--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain(`  1 order.placed from ${subscription}, `);
    expect(published).toHaveLength(1);
    const redriven = await run("redrive", "commerce");
    expect([redriven.code, redriven.stderr]).toEqual([0, ""]);
    await vi.waitUntil(() => published.length === 2);
    expect(published[1]).toMatchObject({ data, orderingKey: "schlüssel 😀" });
    expect(published[1]?.attributes).toEqual({ ...attributes, redriven: "1" });
    expect((await run("redrive", "commerce")).stdout).toContain("  none");
    expect((await where("evt_1")).stdout).toContain('redriven="1"');
    expect((await stack.listSubscriptions()).filter((name) => name.includes("where"))).toEqual([]);
    expect(cloud.unknown).toEqual([]);
  });

  test("what leaves no line is found on its topic; what is nowhere, and why that may be", async () => {
    const { admin } = await openStack(pubsub.endpoint, project);
    const id = "v".repeat(128);
    const attributes = { event_type: "product.viewed", event_id: id };
    await admin.publish("pulsecart.user-actions", [{ data: Buffer.from("{}"), orderingKey: "u", attributes }]);
    const found = await where(id);
    expect([found.code, found.stdout]).toEqual([
      0,
      expect.stringMatching(/ message +\d+ on pulsecart\.user-actions, 2 bytes/),
    ]);
    const nowhere = await where("evt_never");
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
