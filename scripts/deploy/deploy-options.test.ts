import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { functionNames } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";
import { readDeployOptions } from "./deploy-options.ts";

const here = ["--project", "shop-prod", "--region", "europe-west1"];

test("deploys everything, and names no setting, unless told otherwise", () => {
  expect(readDeployOptions(here)).toEqual({
    help: false,
    dryRun: false,
    verify: false,
    functions: functionNames,
    choices: {
      target: { project: "shop-prod", region: "europe-west1" },
      environment: undefined,
      ingress: undefined,
      allowUnauthenticated: undefined,
      isInvokerChecked: undefined,
      runtimeUpdatePolicy: undefined,
      invokers: [],
      settings: Object.fromEntries(functionNames.map((name) => [name, {}])),
      extra: [],
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

test("takes numbers for all functions or one, repeated or as a list, before what the file says", async () => {
  const folder = await mkdtemp(join(tmpdir(), "settings-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "prod.json");
  await writeFile(file, '{"commerce": {"maxInstances": 30, "logLevel": "debug"}, "system": {"concurrency": 40}}');
  const options = readDeployOptions([
    ...here,
    ...["--max-instances", "7", "--max-instances=commerce=20,system=5", "--min-instances=system=0"],
    ...[
      "--settings",
      file,
      "--no-invoker-iam-check",
      "--runtime-update-policy=on-deploy",
      "--",
      "--kms-key=k",
      "system",
    ],
  ]);
  expect(options).toMatchObject({
    functions: functionNames,
    choices: {
      isInvokerChecked: false,
      runtimeUpdatePolicy: "on-deploy",
      extra: ["--kms-key=k", "system"],
      settings: {
        "user-actions": { maxInstances: 7 },
        commerce: { maxInstances: 20, logLevel: "debug" },
        system: { maxInstances: 5, minInstances: 0, concurrency: 40 },
      },
    },
  });
});

test.each([
  ["{", /^--settings \S+: .*JSON/],
  ["[]", /^--settings \S+ must be an object of functions$/],
  ['{"carts": {}}', new RegExp(`^--settings \\S+: carts is no function; there are ${functionNames.join(", ")}$`)],
  ['{"commerce": 5}', /^--settings \S+: commerce must be an object of settings$/],
  [
    '{"commerce": {"maxInstance": 5}}',
    /: commerce\.maxInstance is no setting; there are maxInstances, minInstances, concurrency, logLevel$/,
  ],
  ['{"commerce": {"toString": 5}}', /: commerce\.toString is no setting/],
  ['{"commerce": {"maxInstances": 0}}', /: commerce\.maxInstances must be a whole number from 1 to 1000$/],
  ['{"commerce": {"minInstances": "1"}}', /: commerce\.minInstances must be a whole number from 0 to 1000$/],
  ['{"commerce": {"concurrency": 1001}}', /: commerce\.concurrency must be a whole number from 1 to 1000$/],
  ['{"commerce": {"logLevel": "warn"}}', /: commerce\.logLevel must be one of debug, info, warning, error$/],
])("refuses the settings %s", async (text, message) => {
  const folder = await mkdtemp(join(tmpdir(), "settings-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "prod.json"), text);
  expect(() => readDeployOptions([...here, "--settings", join(folder, "prod.json")])).toThrow(message);
  expect(() => readDeployOptions([...here, "--settings", join(folder, "prod.json")])).toThrow(UsageError);
});

test.each([
  [["--max-instances=many"], '--max-instances must be N or FUNCTION=N, not "many"'],
  [["--max-instances=commerce="], '--max-instances must be N or FUNCTION=N, not "commerce="'],
  [["--max-instances=carts=5"], `--max-instances: there is no function "carts"; there are ${functionNames.join(", ")}`],
  [["--max-instances=0"], "--max-instances must be a whole number from 1 to 1000, not 0"],
  [["--concurrency=commerce=2000"], "--concurrency must be a whole number from 1 to 1000, not 2000"],
  [["--settings=/nowhere.json"], /^--settings \/nowhere.json: ENOENT/],
  [["--runtime-update-policy=never"], '--runtime-update-policy must be one of automatic, on-deploy, not "never"'],
  [["payments"], `there is no function "payments"; there are ${functionNames.join(", ")}`],
  [["--ingress=none"], '--ingress must be one of all, internal-only, internal-and-gclb, not "none"'],
  [["--environment=a,b"], '--environment must be lower-case letters, digits, - and _, not "a,b"'],
  [["--invoker=checkout"], /^--invoker must be an IAM member .* not "checkout"$/],
  [["--gradual", "--step-minutes=0.5"], '--step-minutes must be a whole number from 0, not "0.5"'],
  [["--gradual", "--step-minutes=-1"], '--step-minutes must be a whole number from 0, not "-1"'],
  [["--gradual", "--step-minutes", "-1"], /^Option '--step-minutes' argument is ambiguous/],
  [["--step-minutes=0"], "--step-minutes needs --gradual"],
  [["--yes"], "--yes needs --rollback"],
  [["--rollback", "--gradual"], "--rollback goes neither with --gradual nor with --verify"],
  [["--rollback", "--verify"], "--rollback goes neither with --gradual nor with --verify"],
  [["--dry-run=yes"], /^Option '--dry-run' does not take an argument; see --help$/],
])("refuses %j", (args, message) => {
  expect(() => readDeployOptions([...here, ...args])).toThrow(message);
});
