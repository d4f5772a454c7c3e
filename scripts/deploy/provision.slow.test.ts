import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { domains, functionNames } from "../../shared/events/registry.ts";
import { gcloudTimeout, hasGcloud, openSandbox, type Sandbox, toChanges } from "../testing/google-cloud/sandbox.ts";
import { listAlertPolicies } from "./monitoring/alert-policies.ts";
import { logMetrics } from "./monitoring/log-metrics.ts";

const project = "shop-prod";
const here = ["--project", project, "--region", "europe-west1"];
const monitoring = ["--monitoring", "--notify", "email:oncall@example.com", "--notify", "email:lead@example.com"];
const topics = functionNames.map((name) => domains[name].topic);
/** Eight of each function, and four for all. */
const resourceCount = 4 + 8 * functionNames.length;
const agent = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com";
const labels = { app: "pulsecart", component: "producer" };

describe.skipIf(!hasGcloud)("provision with the real gcloud", { timeout: gcloudTimeout }, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox(project);
  });
  afterAll(() => sandbox?.close());
  beforeEach(() => {
    sandbox.cloud.requests.length = 0;
    sandbox.cloud.unknown.length = 0;
    sandbox.cloud.refuse = () => undefined;
  });

  test("brings an empty project to the wanted state", async () => {
    const { cloud } = sandbox;
    const { code, stdout, stderr } = await sandbox.run("provision", [...here, ...monitoring]);
    expect({ code, stderr, unknown: cloud.unknown }).toEqual({ code: 0, stderr: "", unknown: [] });
    expect(stdout).toContain("add --runbook URL");
    expect(stdout).toContain(`npm run deploy -- --project ${project} --region europe-west1`);

    expect([...cloud.enabledApis].sort()).toEqual([
      "artifactregistry.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudfunctions.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "iam.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
    ]);
    expect([...cloud.accounts.keys()].sort()).toEqual([
      ...["build", ...functionNames].map((name) => `pulsecart-${name}@shop-prod.iam.gserviceaccount.com`).sort(),
    ]);
    expect(Object.fromEntries(cloud.resources)).toEqual(
      Object.fromEntries(topics.flatMap((topic) => toWantedResources(topic))),
    );
    expect(toGrants(sandbox)).toEqual(wantedGrants);
    expect([...cloud.metrics.keys()].sort()).toEqual(logMetrics.map(({ name }) => name).sort());
    const channels = listMonitoring(sandbox, "notificationChannels");
    expect(channels.map((channel) => channel.labels)).toEqual(
      expect.arrayContaining([{ email_address: "oncall@example.com" }, { email_address: "lead@example.com" }]),
    );
    const policies = listMonitoring(sandbox, "alertPolicies");
    expect(policies.map(({ userLabels }) => userLabels.policy).sort()).toEqual(
      listAlertPolicies(true)
        .map(({ id }) => id)
        .sort(),
    );
    for (const { notificationChannels } of policies) {
      expect([...notificationChannels].sort()).toEqual(channels.map(({ name }) => name).sort());
    }
    expect(listMonitoring(sandbox, "dashboards")).toHaveLength(1);
    expect(cloud.requests.filter(({ query }) => query.validateOnly === "True")).toHaveLength(1);
  });

  test("mends what differs when it runs again, and no more", async () => {
    const { cloud } = sandbox;
    const topic = `projects/${project}/topics/pulsecart.commerce-events`;
    const before = cloud.resources.get(topic);
    const otherLabels = { ...labels, team: "checkout" };
    cloud.resources.set(topic, { ...before, messageRetentionDuration: "600s", labels: otherLabels });
    const kept = `projects/${project}/subscriptions/pulsecart.system-events.dead-letter.kept`;
    cloud.resources.set(kept, { ...cloud.resources.get(kept), expirationPolicy: { ttl: "2678400s" } });

    const { code, stdout, stderr } = await sandbox.run("provision", [...here, ...monitoring]);
    expect({ code, stderr, unknown: cloud.unknown }).toEqual({ code: 0, stderr: "", unknown: [] });
    expect(toChanges(cloud)).toEqual([`PATCH pubsub/v1/${topic}`, `PATCH pubsub/v1/${kept}`]);
    expect(stdout.match(/^.*: (created|updated).*$/gm)).toEqual([
      "topic pulsecart.commerce-events: updated messageRetentionDuration",
      "subscription pulsecart.system-events.dead-letter.kept: updated expirationPolicy.ttl",
    ]);
    expect(cloud.resources.get(topic)).toEqual({ ...before, labels: otherLabels });
    expect(cloud.resources.get(kept)).toMatchObject({ expirationPolicy: {} });
  });

  test("plans what would change, and changes nothing; leaves subscriptions alone where none are wanted", async () => {
    const { cloud } = sandbox;
    const topic = `projects/${project}/topics/pulsecart.commerce-events`;
    const subscription = `projects/${project}/subscriptions/pulsecart.system-events.dead-letter.kept`;
    const [before, kept] = [cloud.resources.get(topic), cloud.resources.get(subscription)];
    cloud.resources.set(topic, { ...before, messageRetentionDuration: "600s" });
    cloud.resources.set(subscription, { ...kept, enableMessageOrdering: false });
    cloud.accounts.delete("pulsecart-build@shop-prod.iam.gserviceaccount.com");
    const { code, stdout } = await sandbox.run("provision", [...here, "--subscriptions", "none", "--dry-run"]);
    expect(toChanges(cloud)).toEqual([]);
    expect(cloud.requests.filter(({ path }) => path.endsWith(".default"))).toEqual([]);
    expect(stdout.split("\n").filter((line) => !line.endsWith(": as wanted"))).toEqual([
      "service account pulsecart-build: would create",
      "topic pulsecart.commerce-events: would update messageRetentionDuration",
      "subscription pulsecart.system-events.dead-letter.kept: CANNOT: Pub/Sub cannot change enableMessageOrdering of the existing subscription; " +
        "delete it (with what waits in it) and run this again: gcloud pubsub subscriptions delete pulsecart.system-events.dead-letter.kept --project=shop-prod",
      "",
      `Nothing was changed. 2 of ${resourceCount - 2 * functionNames.length} would be; 1 cannot be.`,
      "",
    ]);
    expect(code).toBe(1);
    cloud.resources.set(topic, before as object as Record<string, unknown>);
    cloud.resources.set(subscription, kept as object as Record<string, unknown>);
    cloud.accounts.set("pulsecart-build@shop-prod.iam.gserviceaccount.com", { displayName: "Builds the functions" });
  });

  test("says in one line which permission is missing, and what is done; tries nothing that comes later", async () => {
    const { cloud } = sandbox;
    // The words of Pub/Sub, which does not name the permission.
    cloud.refuse = ({ path }) =>
      path.endsWith("pulsecart.user-actions.dead-letter") ? "User not authorized to perform this action." : undefined;
    const { code, stdout, stderr } = await sandbox.run("provision", here, { CLOUDSDK_CORE_ACCOUNT: "ops@example.com" });
    expect(code).toBe(1);
    expect(stderr.split("\n")[0]).toBe(
      "topic pulsecart.user-actions.dead-letter: FAILED: permission pubsub.topics.get is missing; an owner of the project grants it with: " +
        "gcloud projects add-iam-policy-binding shop-prod --member=user:ops@example.com --role=roles/pubsub.admin --condition=None",
    );
    expect(stderr).toMatch(
      new RegExp(
        `Not finished. Done \\(\\d+ of ${resourceCount}\\): APIs, .*topic pulsecart.system-events.dead-letter`,
      ),
    );
    expect(stderr).toContain("Failed: topic pulsecart.user-actions.dead-letter.");
    expect(cloud.requests.filter(({ path }) => path.includes("/subscriptions/"))).toEqual([]);
    expect(stdout).not.toContain("roles/");
  });
});

interface Monitored {
  readonly name: string;
  readonly labels: unknown;
  readonly userLabels: Readonly<Record<string, string>>;
  readonly notificationChannels: readonly string[];
}

function listMonitoring({ cloud }: Sandbox, kind: string): readonly Monitored[] {
  const all = [...cloud.monitoring].filter(([name]) => name.includes(`/${kind}/`));
  return all.map(([, resource]) => resource as unknown as Monitored);
}

function toWantedResources(topic: string): [string, unknown][] {
  const toTopic = (id: string) => ({
    name: `projects/${project}/topics/${id}`,
    labels,
    messageRetentionDuration: "604800s",
    messageStoragePolicy: { allowedPersistenceRegions: ["europe-west1"] },
  });
  const toSubscription = (id: string, source: string) => ({
    name: `projects/${project}/subscriptions/${id}`,
    topic: `projects/${project}/topics/${source}`,
    labels,
    ackDeadlineSeconds: 60,
    enableMessageOrdering: true,
    filter: "NOT attributes:verification",
    expirationPolicy: {},
    retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
  });
  const wanted = [
    toTopic(topic),
    toTopic(`${topic}.dead-letter`),
    { ...toSubscription(`${topic}.dead-letter.kept`, `${topic}.dead-letter`), messageRetentionDuration: "2678400s" },
    {
      ...toSubscription(`${topic}.default`, topic),
      messageRetentionDuration: "604800s",
      deadLetterPolicy: {
        deadLetterTopic: `projects/${project}/topics/${topic}.dead-letter`,
        maxDeliveryAttempts: 10,
      },
    },
  ];
  return wanted.map((resource) => [resource.name, resource]);
}

function toGrants({ cloud }: Sandbox) {
  const resources = [`projects/${project}`, ...cloud.resources.keys()];
  return Object.fromEntries(
    resources.map((name) => [name.replace(`projects/${project}/`, ""), cloud.policies.grants(name)]),
  );
}

const publisher = (account: string) => ({
  "roles/pubsub.publisher": [`serviceAccount:pulsecart-${account}@shop-prod.iam.gserviceaccount.com`],
});
const forwardsDeadLetters = { "roles/pubsub.publisher": [agent] };
const takesDeadLetters = { "roles/pubsub.subscriber": [agent] };

const wantedGrants = {
  [`projects/${project}`]: {
    "roles/cloudbuild.builds.builder": ["serviceAccount:pulsecart-build@shop-prod.iam.gserviceaccount.com"],
  },
  ...Object.fromEntries(
    functionNames.flatMap((name) => {
      const { topic } = domains[name];
      return [
        [`topics/${topic}`, publisher(name)],
        [`topics/${topic}.dead-letter`, forwardsDeadLetters],
        [`subscriptions/${topic}.default`, takesDeadLetters],
        [`subscriptions/${topic}.dead-letter.kept`, {}],
      ];
    }),
  ),
};
