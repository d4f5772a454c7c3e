import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { functionNames } from "../../shared/events/registry.ts";
import { runProgram } from "../common/run-program.ts";
import { toVariables } from "../deploy/cloud-run/service.ts";
import { useQuickGcloud } from "../deploy/rollout/testing/quick-gcloud.ts";
import { type StubGoogleCloud, startStubGoogleCloud } from "../testing/google-cloud/google-cloud.ts";
import { setSwitch } from "./set-switch.ts";

vi.mock("../deploy/gcloud/gcloud.ts", { spy: true });

const target = { project: "shop-prod", region: "europe-west1" };
const variables = { GCP_PROJECT_ID: "shop-prod", LOG_LEVEL: "info" };
let cloud: StubGoogleCloud;
beforeAll(async () => {
  cloud = await startStubGoogleCloud(target.project);
  useQuickGcloud(cloud);
});
afterAll(() => cloud?.close());
beforeEach(() => {
  cloud.run.services.clear();
  cloud.run.deploy("commerce", { environmentVariables: variables, maxInstanceCount: 10 });
});

function commerce() {
  const service = cloud.run.services.get("commerce");
  if (service === undefined) throw new Error("it is deployed");
  return service;
}

const report = { name: "payload-checks", value: "report" } as const;
const back = { name: "payload-checks", value: "registry" } as const;

test("makes a revision with that one variable changed, which serves; again it makes none; registry takes it back", async () => {
  expect(await setSwitch("commerce", target, report)).toBe("serves commerce-00002-abc, with PAYLOAD_CHECKS=report");
  expect(toVariables(commerce().template)).toEqual({ ...variables, PAYLOAD_CHECKS: "report" });
  expect(commerce().traffic).toEqual([{ latestRevision: true, percent: 100 }]);
  expect(await setSwitch("commerce", target, report)).toBe("serves commerce-00002-abc, where it is so already");
  expect(await setSwitch("commerce", target, back)).toBe("serves commerce-00003-abc, with PAYLOAD_CHECKS=registry");
  expect(toVariables(commerce().template)).toEqual(variables);
});

test("the log level is marked as switched, and goes back to the project's own", async () => {
  await setSwitch("commerce", target, { name: "log-level", value: "info" });
  // The same value, but from now on no file of settings changes it.
  expect(commerce().template.metadata?.labels).toEqual({ "switched-log-level": "info" });
  await setSwitch("commerce", target, { name: "log-level", value: "debug" });
  expect(toVariables(commerce().template).LOG_LEVEL).toBe("debug");
  await setSwitch("commerce", target, { name: "log-level", value: "registry" });
  expect([toVariables(commerce().template), commerce().template.metadata?.labels]).toEqual([variables, {}]);
});

test("while the traffic is pinned to an older revision, it is that one's image and settings, and it serves", async () => {
  const [serving] = commerce().revisions;
  cloud.run.deploy("commerce", { environmentVariables: { ...variables, MAX_IN_FLIGHT: "9" }, maxInstanceCount: 40 });
  // The newest is of a deployment that was broken off before its boost.
  Object.assign(serving?.template.metadata?.annotations ?? {}, { "run.googleapis.com/startup-cpu-boost": "true" });
  commerce().traffic = [{ revisionName: "commerce-00001-abc", percent: 100 }];
  expect(await setSwitch("commerce", target, report)).toBe("serves commerce-00003-abc, with PAYLOAD_CHECKS=report");
  expect(commerce().traffic).toEqual([{ revisionName: "commerce-00003-abc", percent: 100 }]);
  const { spec, metadata } = commerce().template;
  expect(toVariables(commerce().template)).toEqual({ ...variables, PAYLOAD_CHECKS: "report" });
  expect(spec?.containers?.[0]?.image).toBe(serving?.template.spec?.containers?.[0]?.image);
  expect(metadata?.annotations).toMatchObject({
    "autoscaling.knative.dev/maxScale": "10",
    "run.googleapis.com/startup-cpu-boost": "True",
  });
});

test("does nothing while a gradual deployment shares the traffic out, or where nothing is deployed", async () => {
  cloud.run.deploy("commerce", { environmentVariables: variables });
  commerce().traffic = [
    { revisionName: "commerce-00001-abc", percent: 90 },
    { revisionName: "commerce-00002-abc", percent: 10 },
  ];
  await expect(setSwitch("commerce", target, report)).rejects.toThrow(
    / share its traffic: let npm run deploy -- --gradual end/,
  );
  await expect(setSwitch("system", target, report)).rejects.toThrow("it is not deployed in europe-west1");
  expect(commerce().revisions).toHaveLength(2);
});

test.each([
  [[], "the switch must be one of payload-checks, log-level; see --help"],
  [["toString", "x"], "the switch must be one of payload-checks, log-level; see --help"],
  [["payload-checks", "on"], 'payload-checks must be one of report, off, registry, not "on"'],
  [["log-level", "debug", "carts"], `there is no function "carts"; there are ${functionNames.join(", ")}`],
  [["log-level", "debug"], "--project is missing: the id of the Google Cloud project"],
])("refuses %j in one line, with exit code 2", async (args, line) => {
  const script = new URL("switch.ts", import.meta.url).pathname;
  expect(await runProgram(process.execPath, [script, ...args], process.env)).toEqual({
    code: 2,
    stdout: "",
    stderr: `${line}\n`,
  });
});
