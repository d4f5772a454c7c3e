import { describe, expect, test } from "vitest";
import { readConfig } from "../../shared/config.ts";
import { functionNames } from "../../shared/events/registry.ts";
import { contractFingerprint } from "../build/schemas/fingerprint.ts";
import { type DeployedSettings, toDeployedSettings } from "./cloud-run/deployed-settings.ts";
import type { Service } from "./cloud-run/service.ts";
import { toBuildLabels, toDeployCommands, toFinishCommand } from "./deploy-commands.ts";
import { readDeployOptions } from "./deploy-options.ts";
import { decideSettings } from "./deploy-settings.ts";

const target = { project: "shop-prod", region: "europe-west1" };

function readChoices(...args: string[]) {
  const options = readDeployOptions(["--project", target.project, "--region", target.region, ...args]);
  if (options.help) throw new Error("--help was not given");
  return options.choices;
}

/** What somebody has made of `commerce` at 3 a.m., as `gcloud run services describe` prints it. */
function toService(
  changes: { annotations?: object; labels?: object; variables?: Record<string, string> } = {},
): Service {
  return {
    metadata: {
      annotations: { "run.googleapis.com/ingress": "internal-and-cloud-load-balancing", ...changes.annotations },
    },
    spec: {
      template: {
        metadata: {
          annotations: {
            "autoscaling.knative.dev/minScale": "3",
            "autoscaling.knative.dev/maxScale": "40",
            "run.googleapis.com/startup-cpu-boost": "true",
          },
          labels: { ...changes.labels },
        },
        spec: {
          containerConcurrency: 50,
          containers: [
            {
              image: "image",
              env: Object.entries({
                ...{ ENVIRONMENT: "staging", LOG_LEVEL: "info", MAX_IN_FLIGHT: "9", NOTE: "a,b", PORT: "8080" },
                ...{
                  GCP_PROJECT_ID: "other",
                  PUBSUB_ENDPOINT: "other",
                  NODE_OPTIONS: "other",
                  CALLER_IDENTITY: "none",
                },
                ...changes.variables,
              }).map(([name, value]) => ({ name, value })),
            },
          ],
        },
      },
    },
  };
}

function decide(deployed: Service | undefined, ...args: string[]) {
  return decideSettings("commerce", readChoices(...args), deployed && toDeployedSettings(deployed), false);
}

test("what is deployed first fits a new project's quota, is closed, and its variables are accepted", () => {
  for (const name of functionNames) {
    const { variables, ...wanted } = decideSettings(name, readChoices(), undefined, false);
    expect(wanted.maxInstances).toBe({ "user-actions": 10, commerce: 10, system: 5 }[name as string] ?? 5);
    expect(wanted).toMatchObject({ ingress: "all", allowUnauthenticated: false, isInvokerChecked: true, notes: [] });
    expect(readConfig(variables)).toMatchObject({ GCP_PROJECT_ID: "shop-prod", CALLER_IDENTITY: "iam" });
  }
});

test("what somebody set at 3 a.m. stays, but for what deploy always sets; each difference is named", () => {
  const wanted = decide(toService());
  expect(wanted).toMatchObject({
    ...{ minInstances: 3, maxInstances: 40, concurrency: 50, ingress: "internal-and-gclb" },
    allowUnauthenticated: undefined,
    variables: {
      ...{ ENVIRONMENT: "staging", LOG_LEVEL: "info", MAX_IN_FLIGHT: "9", NOTE: "a,b" },
      ...{ GCP_PROJECT_ID: "shop-prod", PUBSUB_ENDPOINT: "europe-west1-pubsub.googleapis.com:443" },
      ...{ NODE_OPTIONS: "--max-semi-space-size=16", CALLER_IDENTITY: "iam" },
    },
  });
  expect(wanted.variables).not.toHaveProperty("PORT");
  expect(wanted.notes).toEqual([
    "minInstances 3 stays, instead of 1",
    "maxInstances 40 stays, instead of 10",
    "concurrency 50 stays, instead of 80",
  ]);
  const { deploy } = toDeployCommands("commerce", readChoices(), wanted);
  expect(deploy).toEqual(expect.arrayContaining(["--min-instances=3", "--max-instances=40", "--concurrency=50"]));
  // A comma in a value would end it in gcloud's lists.
  expect(deploy.find((arg) => arg.startsWith("--set-env-vars="))).toMatch(
    /=\^;\^MAX_IN_FLIGHT=9;NOTE=a,b;|=\^;\^.*;NOTE=a,b;/,
  );
  expect(deploy.join(" ")).not.toContain("allow-unauthenticated");
});

test("options count for more than what is deployed", () => {
  const wanted = decide(
    toService(),
    ...[
      "--max-instances=commerce=20",
      "--min-instances=0",
      "--environment=prod",
      "--ingress=all",
      "--allow-unauthenticated",
    ],
  );
  expect(wanted).toMatchObject({
    minInstances: 0,
    maxInstances: 20,
    concurrency: 50,
    ingress: "all",
    allowUnauthenticated: true,
  });
  expect(wanted.variables).toMatchObject({ ENVIRONMENT: "prod", CALLER_IDENTITY: "none" });
  expect(() => decide(toService(), "--max-instances=2")).toThrow(
    "commerce: --min-instances 3 is more than --max-instances 2",
  );
});

test("what npm run switch set outlives the settings, which the deployment names", () => {
  const choices = { ...readChoices(), settings: { ...readChoices().settings, commerce: { logLevel: "warning" } } };
  const decideWith = (service: Service) => decideSettings("commerce", choices, toDeployedSettings(service), false);
  expect(decideWith(toService()).variables.LOG_LEVEL).toBe("warning");
  const switched = decideWith(
    toService({
      labels: { "switched-log-level": "debug", other: "x" },
      variables: { LOG_LEVEL: "debug", PAYLOAD_CHECKS: "report" },
    }),
  );
  expect(switched).toMatchObject({
    variables: { LOG_LEVEL: "debug", PAYLOAD_CHECKS: "report" },
    keptLabels: { "switched-log-level": "debug" },
  });
  expect(switched.notes.slice(0, 2)).toEqual([
    "LOG_LEVEL=debug stays, instead of warning; set by npm run switch, and npm run switch -- log-level registry takes it back",
    "PAYLOAD_CHECKS=report stays; npm run switch -- payload-checks registry takes it back",
  ]);
});

describe("CALLER_IDENTITY", () => {
  const disabled = { annotations: { "run.googleapis.com/invoker-iam-disabled": "True" } };
  test.each<[string, Service | undefined, boolean, string[], string]>([
    ["a new function", undefined, false, [], "iam"],
    ["a new one that will be open", undefined, false, ["--allow-unauthenticated"], "none"],
    ["one that is open to everybody", toService(), true, [], "none"],
    ["one that is closed now", toService(), true, ["--no-allow-unauthenticated"], "iam"],
    ["one whose invoker check is off", toService(disabled), false, [], "none"],
    ["one whose invoker check goes off", toService(), false, ["--no-invoker-iam-check"], "none"],
    ["one whose invoker check comes back", toService(disabled), false, ["--invoker-iam-check"], "iam"],
  ])("of %s", (_, service, isOpen, args, identity) => {
    const wanted = decideSettings("commerce", readChoices(...args), service && toDeployedSettings(service), isOpen);
    expect(wanted.variables.CALLER_IDENTITY).toBe(identity);
  });
});

describe("what functions deploy has no flag for", () => {
  const { commit = "", contract } = toBuildLabels("commerce");
  const finish = (deployed: Partial<DeployedSettings>, ...args: string[]) =>
    toFinishCommand("commerce", target, decide(undefined, ...args), {
      ...toDeployedSettings(toService({ labels: { commit, contract } })),
      ...deployed,
    })?.slice(4, -3);

  test("the labels are the commit and the contract", () => {
    expect([commit, contract]).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/), contractFingerprint("commerce")]);
  });

  test.each<[string, Partial<DeployedSettings>, string[], string[] | undefined]>([
    ["all is as wanted: no new revision", {}, [], undefined],
    ["the boost is off", { hasBoost: false }, [], ["--cpu-boost"]],
    [
      "the labels are another build's",
      { labels: { commit: "0", contract } },
      [],
      [`--update-labels=commit=${commit},contract=${contract}`],
    ],
    ["the invoker check is to go", {}, ["--no-invoker-iam-check"], ["--no-invoker-iam-check"]],
    ["the platform switched it on again", { isInvokerChecked: false }, [], ["--invoker-iam-check"]],
  ])("%s", (_, deployed, args, flags) => {
    expect(finish(deployed, ...args)).toEqual(flags);
  });
});

test("further flags and the update policy reach gcloud as they are", () => {
  const choices = readChoices("--runtime-update-policy=on-deploy", "--", "--kms-key=k", "--docker-repository=r");
  const { deploy } = toDeployCommands("system", choices, decideSettings("system", choices, undefined, false));
  expect(deploy).toContain("--runtime-update-policy=on-deploy");
  expect(deploy.slice(-2)).toEqual(["--kms-key=k", "--docker-repository=r"]);
});
