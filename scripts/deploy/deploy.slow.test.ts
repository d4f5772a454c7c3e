import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../../shared/config.ts";
import { domains, type FunctionName, functionNames } from "../../shared/events/registry.ts";
import { contractFingerprint } from "../build/schemas/fingerprint.ts";
import { collectTopic } from "../pubsub/collect-topic.ts";
import { startEmbeddedPubSub } from "../pubsub/embedded/server.ts";
import { startFunction } from "../testing/function-process.ts";
import { type DeployedFunction, failedBuild } from "../testing/google-cloud/functions.ts";
import { readZip, startAsPlatform } from "../testing/google-cloud/platform.ts";
import { gcloudTimeout, hasGcloud, openSandbox, type Sandbox, toChanges } from "../testing/google-cloud/sandbox.ts";
import { toPlace } from "./cloud-run/service.ts";
import { promises } from "./verify/verdict.ts";

const project = "shop-prod";
const here = ["--project", project, "--region", "europe-west1"];
const parent = `projects/${project}/locations/europe-west1`;
const checkout = "serviceAccount:checkout@shop-prod.iam.gserviceaccount.com";
const support = "group:support@example.com";

describe.skipIf(!hasGcloud)("deploy with the real gcloud", { timeout: gcloudTimeout }, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox(project);
    for (const api of ["run", "cloudbuild", "artifactregistry"]) sandbox.cloud.enabledApis.add(`${api}.googleapis.com`);
  });
  afterAll(() => sandbox?.close());
  beforeEach(() => {
    sandbox.cloud.requests.length = 0;
    sandbox.cloud.unknown.length = 0;
    sandbox.cloud.failures.clear();
    sandbox.cloud.refuse = () => undefined;
  });

  test("builds and deploys all functions", async () => {
    const { cloud } = sandbox;
    const result = await sandbox.run("deploy", [...here, "--invoker", checkout, "--invoker", support]);
    expect({ ...result, stdout: "", unknown: cloud.unknown }).toEqual({ code: 0, stdout: "", stderr: "", unknown: [] });
    const width = Math.max(...functionNames.map((name) => name.length));
    const urls = functionNames.map((name) => `\n${name.padEnd(width)}  https://${name}-.*`).join("");
    expect(result.stdout).toMatch(new RegExp(`${urls}\n$`));

    // A project's first deployment is alone: Google makes what all share.
    const order = cloud.requests.filter(({ path, query }) => query.functionId || path.endsWith(":generateUploadUrl"));
    expect(order.slice(0, 2).map(({ query }) => query.functionId)).toEqual([undefined, functionNames[0]]);

    const otherwise = { minInstanceCount: 0, maxInstanceCount: 5, LOG_LEVEL: "info" };
    const wanted: Partial<Record<FunctionName, typeof otherwise>> = {
      "user-actions": { minInstanceCount: 1, maxInstanceCount: 10, LOG_LEVEL: "warning" },
      commerce: { minInstanceCount: 1, maxInstanceCount: 10, LOG_LEVEL: "info" },
    };
    const build = { commit: sandbox.commit, contract: expect.any(String) };
    for (const name of functionNames) {
      const { LOG_LEVEL, ...instances } = wanted[name] ?? otherwise;
      expect(toSent(sandbox, name)).toEqual({
        name: `${parent}/functions/${name}`,
        labels: {
          app: "pulsecart",
          component: "producer",
          environment: "prod",
          ...{ commit: sandbox.commit, contract: contractFingerprint(name) },
          "deployment-tool": "cli-gcloud",
        },
        buildConfig: {
          entryPoint: domains[name].entryPoint,
          runtime: "nodejs24",
          environmentVariables: {},
          serviceAccount: `projects/${project}/serviceAccounts/pulsecart-build@${project}.iam.gserviceaccount.com`,
          source: { storageSource: { bucket: "sources", object: expect.stringMatching(/^source-\d\.zip$/) } },
        },
        serviceConfig: {
          serviceAccountEmail: `pulsecart-${name}@${project}.iam.gserviceaccount.com`,
          availableCpu: "1",
          availableMemory: "512Mi",
          maxInstanceRequestConcurrency: 80,
          timeoutSeconds: 30,
          ...instances,
          ingressSettings: "ALLOW_ALL",
          allTrafficOnLatestRevision: true,
          environmentVariables: {
            GCP_PROJECT_ID: project,
            ENVIRONMENT: "prod",
            PUBSUB_ENDPOINT: "europe-west1-pubsub.googleapis.com:443",
            NODE_OPTIONS: "--max-semi-space-size=16",
            CALLER_IDENTITY: "iam",
            LOG_LEVEL,
          },
        },
      });
      expect(cloud.policies.grants(`${parent}/services/${name}`)).toEqual({ "roles/run.invoker": [checkout, support] });
      expect(cloud.run.services.get(name)?.template.metadata).toMatchObject({
        annotations: { "run.googleapis.com/startup-cpu-boost": "True" },
        labels: build,
      });
    }
  });

  test("uploads exactly what runs", () => {
    for (const name of functionNames) {
      expect([...readZip(toUpload(sandbox, name)).keys()].sort()).toEqual([
        "THIRD_PARTY_NOTICES.txt",
        "code-cache.cjs",
        "index.cjs",
        "index.js",
        "index.js.map",
        "make-code-cache.cjs",
        "package-lock.json",
        "package.json",
      ]);
    }
  });

  test("sets variables that the functions accept", () => {
    for (const name of functionNames) {
      const { environmentVariables } = toDeployed(sandbox, name).serviceConfig;
      expect(readConfig(environmentVariables as NodeJS.ProcessEnv)).toMatchObject({ GCP_PROJECT_ID: project });
    }
  });

  test("what was uploaded serves where nothing else is installed", async () => {
    const { buildConfig, serviceConfig } = toDeployed(sandbox, "commerce");
    const { PUBSUB_ENDPOINT: _, ...environment } = serviceConfig.environmentVariables as Record<string, string>;
    const pubsub = await startEmbeddedPubSub();
    const topic = await collectTopic(pubsub.endpoint, project, domains.commerce.topic);
    const platform = await startAsPlatform(toUpload(sandbox, "commerce"), buildConfig.entryPoint, {
      ...environment,
      PUBSUB_EMULATOR_HOST: pubsub.endpoint,
    });
    try {
      const health = await fetch(`${platform.url}/health`);
      expect([health.status, await health.json()]).toEqual([200, expect.objectContaining({ status: "ok" })]);
      const accepted = await fetch(platform.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(domains.commerce.events["order.placed"].sample),
      });
      expect(accepted.status).toBe(202);
      const { message_id } = (await accepted.json()) as { message_id: string };
      expect((await topic.waitFor(1))[0]).toMatchObject({ messageId: message_id });
    } finally {
      await platform.close();
      await topic.close();
      await pubsub.close();
    }
  });

  test("leaves invokers, settings and the boost as they are when it runs again, and what was set at 3 a.m.", async () => {
    const { cloud } = sandbox;
    const before = toDeployed(sandbox, "commerce");
    const update = ["run", "services", "update", "commerce", "--max-instances=40", "--update-env-vars=MAX_IN_FLIGHT=9"];
    await sandbox.gcloud([...update, ...toPlace({ project, region: "europe-west1" })]);
    cloud.requests.length = 0;
    const { code, stdout } = await sandbox.run("deploy", [...here, "--invoker", checkout, "commerce"]);
    expect(code).toBe(0);
    expect(stdout).toContain("commerce      maxInstances 40 stays, instead of 10\n");
    const { serviceConfig } = before;
    expect(toDeployed(sandbox, "commerce")).toEqual({
      ...before,
      buildConfig: { ...before.buildConfig, source: { storageSource: { bucket: "sources", object: "source-3.zip" } } },
      serviceConfig: {
        ...serviceConfig,
        maxInstanceCount: 40,
        environmentVariables: { ...(serviceConfig.environmentVariables as object), MAX_IN_FLIGHT: "9" },
      },
    });
    expect(cloud.policies.grants(`${parent}/services/commerce`)).toEqual({ "roles/run.invoker": [checkout, support] });
    expect(toChanges(cloud)).toEqual([
      `POST cloudfunctions/v2/${parent}/functions:generateUploadUrl`,
      "PUT upload/source-3.zip",
      `PATCH cloudfunctions/v2/${parent}/functions/commerce`,
    ]);
  });

  test("switches the invoker check off where allUsers is forbidden, and passes further flags on", async () => {
    const { cloud } = sandbox;
    const key = "projects/k/locations/europe-west1/keyRings/r/cryptoKeys/c";
    const flags = [
      "--no-invoker-iam-check",
      "system",
      "--",
      `--kms-key=${key}`,
      "--docker-repository=projects/p/locations/europe-west1/repositories/r",
    ];
    const { code, stderr } = await sandbox.run("deploy", [...here, ...flags]);
    expect({ code, stderr, unknown: cloud.unknown }).toEqual({ code: 0, stderr: "", unknown: [] });
    expect(cloud.run.services.get("system")?.annotations).toMatchObject({
      "run.googleapis.com/invoker-iam-disabled": "True",
    });
    expect(toDeployed(sandbox, "system")).toMatchObject({
      kmsKeyName: key,
      serviceConfig: { environmentVariables: { CALLER_IDENTITY: "none" } },
    });
  });

  test("a new project's quota is one line with the option to use; what Google's accounts lack for minutes is tried again", async () => {
    const { cloud } = sandbox;
    cloud.failures.set("commerce", [
      "Could not update Cloud Run service commerce. spec.template.spec.containers.resources.limits.cpu: Invalid value specified for cpu. Max instances must be set to 20 or fewer to set the requested total CPU.",
    ]);
    cloud.failures.set("system", [
      "Unable to retrieve the repository metadata for projects/shop-prod/locations/europe-west1/repositories/gcf-artifacts. Ensure that the Cloud Functions service account has 'artifactregistry.repositories.list' and 'artifactregistry.repositories.get' permissions. You can add the permissions by granting the role 'roles/artifactregistry.reader'.",
    ]);
    const { code, stdout, stderr } = await sandbox.run("deploy", [
      ...here,
      "--max-instances",
      "100",
      "commerce",
      "system",
    ]);
    expect(code).toBe(1);
    expect(stdout).toContain(
      "commerce      FAILED: the project's Cloud Run quota in europe-west1 allows 20 instances: deploy with --max-instances commerce=20, or ask",
    );
    expect(stdout.match(/not ready yet: trying again/g)).toHaveLength(1);
    expect(stderr).toContain("Done: system. Failed: commerce.");
  });

  test("verifies what it deployed, and leaves no subscription behind", async () => {
    const { cloud } = sandbox;
    const pubsub = await startEmbeddedPubSub();
    const topic = await collectTopic(pubsub.endpoint, project, domains.system.topic);
    const running = await startFunction("system", { endpoint: pubsub.endpoint, project });
    cloud.urls.set("system", running.url);
    cloud.pubsubEndpoint = pubsub.endpoint;
    try {
      const { code, stdout, stderr } = await sandbox.run("deploy", [...here, "--verify", "system"]);
      expect({ code, stderr, unknown: cloud.unknown }).toEqual({ code: 0, stderr: "", unknown: [] });
      for (const promise of Object.values(promises)) expect(stdout).toContain(`  ok      ${promise}\n`);
      expect(topic.messages).toHaveLength(40);
      const made = cloud.requests.find(({ method, path }) => method === "PUT" && path.includes("/pulsecart-verify-"));
      expect(made?.body).toMatchObject({
        enableMessageOrdering: true,
        filter: expect.stringMatching(/^attributes.verification="[0-9a-f]{32}"$/),
        expirationPolicy: { ttl: "86400s" },
      });
      expect([...cloud.resources.keys()].filter((name) => name.includes("verify"))).toEqual([]);

      // The same under the tag of a revision without traffic; broken off, it says what serves, and the same command goes on.
      cloud.urls.set("candidate---system", running.url);
      const gradually = [...here, "--gradual", "system", "--step-minutes"];
      const script = join(sandbox.folder, "scripts", "deploy", "deploy.ts");
      const child = spawn(process.execPath, [script, ...gradually, "10"], { env: sandbox.environment });
      let printed = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        printed += chunk;
        if (chunk.includes("gets 10 %")) setTimeout(() => child.kill("SIGINT"), 3_000);
      });
      const ended = await once(child, "close");
      expect(printed).toMatch(/serving now: (\S+) 90 %, (\S+) 10 %; the same command goes on, --rollback goes back\n$/);
      expect(ended).toEqual([130, null]);
      const again = await sandbox.run("deploy", [...gradually, "0"]);
      expect(again.code).toBe(0);
      expect(again.stdout).not.toContain("uploading");
      expect(again.stdout).toMatch(/serving now: system-\d{5}-\w+\n$/);

      cloud.refuse = ({ method, path }) =>
        method === "PUT" && path.includes("/pulsecart-verify-")
          ? "User not authorized to perform this action."
          : undefined;
      const refused = await sandbox.run("verify", [...here, "system"]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain("could not be verified: permission pubsub.subscriptions.create is missing;");
      const account = `ci@${project}.iam.gserviceaccount.com`;
      const impersonated = await sandbox.run("verify", [...here, "system", "--impersonate", account]);
      expect(impersonated.code).toBe(2);
      expect(impersonated.stderr).not.toMatch(/^\s+at /m);
    } finally {
      cloud.pubsubEndpoint = undefined;
      cloud.urls.clear();
      await running.stop();
      await topic.close();
      await pubsub.close();
    }
  });

  test("a failed build and a refused permission are one line each, and keep no other function back", async () => {
    const { cloud } = sandbox;
    cloud.failures.set("commerce", [failedBuild("europe-west1")]);
    const system = `${parent}/functions/system`;
    cloud.refuse = ({ method, path }) =>
      method === "PATCH" && path.endsWith(system)
        ? `Permission 'cloudfunctions.functions.update' denied on '${system}'`
        : undefined;
    const { code, stdout, stderr } = await sandbox.run("deploy", [...here, "--ingress", "internal-only"], {
      CLOUDSDK_CORE_ACCOUNT: "ci@shop-prod.iam.gserviceaccount.com",
    });
    expect(code).toBe(1);
    expect(stdout.trim().split("\n").slice(-3)).toEqual([
      expect.stringMatching(/^user-actions {2}https:/),
      "commerce      FAILED: Build failed with status: FAILURE and message: npm ci failed. Read the build's log: " +
        "gcloud builds log 0f5a1c2e-77aa-4d4e-9a51-0c35b0c2f4d1 --region=europe-west1 --project=shop-prod",
      "system        FAILED: permission cloudfunctions.functions.update is missing; an owner of the project grants it with: " +
        "gcloud projects add-iam-policy-binding shop-prod --member=serviceAccount:ci@shop-prod.iam.gserviceaccount.com " +
        "--role=roles/cloudfunctions.admin --condition=None",
    ]);
    expect(stderr).toContain("Done: user-actions. Failed: commerce, system.");
    expect(toDeployed(sandbox, "user-actions").serviceConfig.ingressSettings).toBe("ALLOW_INTERNAL_ONLY");
  });
});

/** The request that made the function, without what the platform adds. */
function toSent({ cloud }: Sandbox, name: string): unknown {
  return cloud.requests.find(({ query }) => query.functionId === name)?.body;
}

function toDeployed({ cloud }: Sandbox, name: string): DeployedFunction {
  return cloud.functions.get(`${parent}/functions/${name}`) as DeployedFunction;
}

function toUpload(sandbox: Sandbox, name: string): Buffer {
  return sandbox.cloud.uploads.get(toDeployed(sandbox, name).buildConfig.source.storageSource.object) as Buffer;
}
