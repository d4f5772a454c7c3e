import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { openGcloud, type StubbedGcloud } from "../../testing/google-cloud/gcloud-environment.ts";
import { type StubGoogleCloud, startStubGoogleCloud } from "../../testing/google-cloud/google-cloud.ts";
import { gcloudTimeout, hasGcloud, toChanges } from "../../testing/google-cloud/sandbox.ts";
import { applyStages, type Progress } from "../apply-stages.ts";
import { applyResource } from "../resources/resource.ts";
import { type AlertPolicy, listAlertPolicies } from "./alert-policies.ts";
import { failures } from "./log-metrics.ts";
import { toDashboardResource, toLogMetricResource } from "./monitoring-plan.ts";
import { toPolicyResource } from "./policy-resource.ts";

const target = { project: "shop-prod", region: "europe-west1" };
const [first, second] = listAlertPolicies(true) as [AlertPolicy, AlertPolicy];
const toResource = (policy: AlertPolicy, channels: readonly string[] = []) =>
  toPolicyResource(policy, { target, channels, runbookUrl: "https://example.com/operations.md" });

describe.skipIf(!hasGcloud)("monitoring with the real gcloud", { timeout: gcloudTimeout }, () => {
  let cloud: StubGoogleCloud;
  let gcloud: StubbedGcloud;
  beforeAll(async () => {
    cloud = await startStubGoogleCloud(target.project);
    gcloud = await openGcloud(cloud);
    const environment = { ...gcloud.environment, CLOUDSDK_CORE_ACCOUNT: "ops@example.com" };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  });
  afterEach(() => {
    expect(cloud.unknown).toEqual([]);
    cloud.requests.length = 0;
    cloud.refuse = () => undefined;
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await gcloud?.close();
    await cloud?.close();
  });

  const findPolicy = ({ id }: AlertPolicy) =>
    [...cloud.monitoring].find(([, { userLabels }]) => (userLabels as { policy?: string })?.policy === id) ?? ["", {}];

  test("a refused policy keeps no other back, and is made by the next run", async () => {
    cloud.refuse = ({ method, body }) =>
      method === "POST" && JSON.stringify(body).includes(`"policy":"${second.id}"`) ? "Permission denied" : undefined;
    const errors = vi.spyOn(console, "error").mockImplementation(() => {});
    const lines = vi.spyOn(console, "log").mockImplementation(() => {});
    const stages = [[toResource(first), toResource(second)], [toDashboardResource(target)]];
    const progress: Progress = { done: [], failed: [] };
    await applyStages(stages, target, progress);
    expect(progress).toEqual({ done: [`alert policy ${first.id}`], failed: [`alert policy ${second.id}`] });
    expect(errors.mock.calls).toEqual([
      [
        `alert policy ${second.id}: FAILED: permission monitoring.alertPolicies.create is missing; an owner of the project grants it with: ` +
          "gcloud projects add-iam-policy-binding shop-prod --member=user:ops@example.com --role=roles/monitoring.editor --condition=None",
      ],
    ]);
    errors.mockRestore();
    lines.mockRestore();
    expect(toChanges(cloud).filter((change) => change.includes("dashboards"))).toEqual([]);

    cloud.refuse = () => undefined;
    cloud.requests.length = 0;
    expect(await applyResource(toResource(first))).toBe("unchanged");
    expect(await applyResource(toResource(second))).toBe("created");
    expect(toChanges(cloud)).toEqual(["POST monitoring/v3/projects/shop-prod/alertPolicies"]);
  });

  test("a policy that differs is set right under its name, and keeps what a person has added", async () => {
    const channel = { type: "email", labels: { email_address: "a@b.c" } };
    for (const id of ["own", "new"]) {
      cloud.monitoring.set(`projects/shop-prod/notificationChannels/${id}`, channel);
    }
    const [name, policy] = findPolicy(first);
    const condition = (policy.conditions as object[])[0] as object;
    const own = "projects/shop-prod/notificationChannels/own";
    cloud.monitoring.set(name, {
      ...policy,
      enabled: false,
      severity: "WARNING",
      notificationChannels: [own],
      userLabels: { ...(policy.userLabels as object), team: "checkout" },
    });
    const channels = ["projects/shop-prod/notificationChannels/new"];
    expect(await applyResource(toResource(first, channels))).toBe("updated severity, channel new");
    expect(toChanges(cloud)).toEqual([`PATCH monitoring/v3/${name}`]);
    expect(cloud.monitoring.get(name)).toEqual({
      ...policy,
      enabled: false,
      notificationChannels: [own, ...channels],
      userLabels: { ...(policy.userLabels as object), team: "checkout" },
      conditions: [condition],
    });
  });

  test("a metric's filter is changed, its labels only grow, its type is an obstacle", async () => {
    const resource = toLogMetricResource(failures, target);
    expect(await applyResource(resource)).toBe("created");
    const metric = cloud.metrics.get(failures.name) ?? {};
    const descriptor = metric.metricDescriptor as object;
    const others = { filter: "severity=ERROR", labelExtractors: { region: "EXTRACT(resource.labels.location)" } };
    cloud.metrics.set(failures.name, {
      ...metric,
      ...others,
      metricDescriptor: { ...descriptor, labels: [{ key: "region" }] },
    });
    expect(await applyResource(resource)).toMatch(/^updated filter, labelExtractors.event_type, .*label code$/);
    expect(cloud.metrics.get(failures.name)).toMatchObject({
      filter: failures.filter,
      metricDescriptor: { labels: [{ key: "region" }, { key: "event_type" }, { key: "code" }] },
    });
    cloud.metrics.set(failures.name, { ...metric, metricDescriptor: { ...descriptor, valueType: "DISTRIBUTION" } });
    await expect(applyResource(resource)).rejects.toThrow(
      "Cloud Logging cannot change valueType of the existing metric; delete it (with what it has counted) and run this again: gcloud logging metrics delete pulsecart_failures --project=shop-prod",
    );
  });

  test("a dashboard that Cloud Monitoring finds at fault is not made; one that differs is replaced by its etag", async () => {
    const resource = toDashboardResource(target);
    cloud.refuse = ({ query }) => (query.validateOnly === "True" ? "The dashboard is not valid" : undefined);
    await expect(applyResource(resource)).rejects.toThrow("not valid");
    expect(toChanges(cloud)).toEqual([]);
    cloud.refuse = () => undefined;
    expect(await applyResource(resource)).toBe("created");
    const [name, made] = [...cloud.monitoring].find(([key]) => key.includes("/dashboards/")) ?? ["", {}];
    cloud.monitoring.set(name, { ...made, displayName: "old" });
    expect(await applyResource(resource)).toBe("updated displayName");
    expect(cloud.monitoring.get(name)).toMatchObject({ displayName: "PulseCart producer" });
  });
});
