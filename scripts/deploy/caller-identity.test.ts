import { expect, test } from "vitest";
import { toCallerIdentity } from "./caller-identity.ts";
import { toDeployCommands } from "./deploy-commands.ts";

const disabled = "run.googleapis.com/invoker-iam-disabled";

test.each([
  ["a new function", false, undefined, "iam"],
  ["one whose callers are checked", false, { metadata: { annotations: { [disabled]: "false" } } }, "iam"],
  ["one without annotations", false, { metadata: {} }, "iam"],
  ["one that is open to everybody", true, { metadata: { annotations: {} } }, "none"],
  ["a new one that will be open", true, undefined, "none"],
  ["one whose invoker check is off", false, { metadata: { annotations: { [disabled]: "true" } } }, "none"],
  ["one where gcloud wrote so", false, { metadata: { annotations: { [disabled]: "True" } } }, "none"],
])("%s", (_, mayAllCall, service, identity) => {
  expect(toCallerIdentity(mayAllCall, service)).toBe(identity);
});

test("deploy sets it, whatever else is chosen", () => {
  const choices = {
    target: { project: "shop-prod", region: "europe-west1" },
    environment: "prod",
    ingress: "all",
    invokers: [],
  } as const;
  const toVariables = (allowUnauthenticated: boolean, served?: unknown) =>
    toDeployCommands("commerce", { ...choices, allowUnauthenticated }, served).deploy.find((flag) =>
      flag.startsWith("--set-env-vars="),
    );
  expect(toVariables(false)).toMatch(/[,=]CALLER_IDENTITY=iam(,|$)/);
  expect(toVariables(true)).toMatch(/[,=]CALLER_IDENTITY=none(,|$)/);
  expect(toVariables(false, { metadata: { annotations: { [disabled]: "true" } } })).toMatch(
    /CALLER_IDENTITY=none(,|$)/,
  );
});
