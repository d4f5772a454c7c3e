import { expect, test } from "vitest";
import { functionNames } from "../../shared/events/registry.ts";
import { toDeployCommands } from "./deploy-commands.ts";
import { readDeployOptions } from "./deploy-options.ts";
import { functionSettings } from "./function-settings.ts";

const here = ["--project", "shop-prod", "--region", "europe-west1"];

test("deploys everything, closed to strangers, unless told otherwise", () => {
  expect(readDeployOptions(here)).toEqual({
    help: false,
    dryRun: false,
    verify: false,
    functions: functionNames,
    choices: {
      target: { project: "shop-prod", region: "europe-west1" },
      environment: "prod",
      ingress: "all",
      allowUnauthenticated: false,
      invokers: [],
    },
  });
});

test("takes invokers, ingress, openness and a choice of functions", () => {
  const invokers = ["serviceAccount:checkout@shop-prod.iam.gserviceaccount.com", "group:support@example.com"];
  const options = readDeployOptions([
    ...here,
    ...["system", "commerce", "--environment=staging", "--ingress=internal-only", "--allow-unauthenticated"],
    ...[...invokers, invokers[0]].map((member) => `--invoker=${member}`),
  ]);
  expect(options).toMatchObject({
    functions: ["commerce", "system"],
    choices: { environment: "staging", ingress: "internal-only", allowUnauthenticated: true, invokers },
  });
});

test.each([
  [["payments"], 'there is no function "payments"; there are user-actions, commerce, system'],
  [["--ingress=none"], '--ingress must be one of all, internal-only, internal-and-gclb, not "none"'],
  [["--environment=a,b"], '--environment must be lower-case letters, digits, - and _, not "a,b"'],
  [["--invoker=checkout"], /^--invoker must be an IAM member .* not "checkout"$/],
  [["--dry-run=yes"], /^Option '--dry-run' does not take an argument; see --help$/],
])("refuses %j", (args, message) => {
  expect(() => readDeployOptions([...here, ...args])).toThrow(message);
});

test("--allow-unauthenticated opens the functions, its absence closes them", () => {
  const toFlags = (...args: string[]) => {
    const options = readDeployOptions([...here, ...args]);
    return options.help ? [] : toDeployCommands("system", options.choices).deploy;
  };
  expect(toFlags("--allow-unauthenticated")).toContain("--allow-unauthenticated");
  expect(toFlags()).toContain("--no-allow-unauthenticated");
});

test("no setting holds a comma, which would end it in gcloud's lists", () => {
  for (const { environment } of Object.values(functionSettings)) {
    expect(Object.values(environment).join("")).not.toContain(",");
  }
});
