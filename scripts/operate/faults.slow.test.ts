import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../common/run-program.ts";
import { openGcloud, type StubbedGcloud } from "../testing/google-cloud/gcloud-environment.ts";
import { type StubGoogleCloud, startStubGoogleCloud } from "../testing/google-cloud/google-cloud.ts";
import { toLogEntry } from "../testing/google-cloud/log-filter.ts";
import { gcloudTimeout, hasGcloud } from "../testing/google-cloud/sandbox.ts";

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
    expect(reports).toContainEqual(expect.objectContaining({ type: "payment.failed", verdict: "not known: 0 events" }));

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
