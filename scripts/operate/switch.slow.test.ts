import { describe, expect, onTestFinished, test } from "vitest";
import { runProgram } from "../common/run-program.ts";
import { openGcloud } from "../testing/google-cloud/gcloud-environment.ts";
import { startStubGoogleCloud } from "../testing/google-cloud/google-cloud.ts";
import { gcloudTimeout, hasGcloud } from "../testing/google-cloud/sandbox.ts";

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
