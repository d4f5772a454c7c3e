import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createFakeGcloud, emptyProject, type FakeGcloud } from "../../testing/google-cloud/fake-gcloud.ts";
import { explainFailure } from "./explain-failure.ts";
import { GcloudError } from "./gcloud.ts";

const target = { project: "shop-prod", region: "europe-west1" };
const deploy = ["functions", "deploy", "commerce"];
const grant =
  "an owner of the project grants it with: gcloud projects add-iam-policy-binding shop-prod --member=user:ops@example.com";

let gcloud: FakeGcloud;
beforeAll(async () => {
  gcloud = await createFakeGcloud(emptyProject);
  vi.stubEnv("PATH", gcloud.path);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await gcloud.close();
});

test.each([
  [
    "a permission that the API names",
    deploy,
    "ERROR: (gcloud.functions.deploy) ResponseError: status=[403], code=[Forbidden], message=[Permission 'run.services.setIamPolicy' denied on resource 'x' (or resource may not exist).]",
    `permission run.services.setIamPolicy is missing; ${grant} --role=roles/run.admin --condition=None`,
  ],
  [
    "a permission that the API does not name",
    ["pubsub", "subscriptions", "create", "x"],
    "ERROR: (gcloud.pubsub.subscriptions.create) PERMISSION_DENIED: User not authorized to perform this action.",
    `permission pubsub.subscriptions.create is missing; ${grant} --role=roles/pubsub.admin --condition=None`,
  ],
  [
    "a permission in Pub/Sub's words alone",
    ["pubsub", "subscriptions", "create", "x"],
    "ERROR: Failed to create subscription [projects/shop-prod/subscriptions/x]: User not authorized to perform this action.",
    `permission pubsub.subscriptions.create is missing; ${grant} --role=roles/pubsub.admin --condition=None`,
  ],
  [
    "acting as the functions' accounts",
    deploy,
    "ERROR: (gcloud.functions.deploy) ResponseError: status=[403], code=[Ok], message=[Caller is missing permission 'iam.serviceaccounts.actAs' on service account x.]",
    `permission iam.serviceAccounts.actAs is missing; ${grant} --role=roles/iam.serviceAccountUser --condition=None`,
  ],
  [
    "a build without a link",
    deploy,
    "ERROR: (gcloud.functions.deploy) OperationError: code=3, message=Build failed with status: TIMEOUT",
    "Build failed with status: TIMEOUT",
  ],
  [
    "anything else: gcloud's own sentence",
    deploy,
    "WARNING: this and that\nERROR: (gcloud.functions.deploy) INVALID_ARGUMENT: Quota exceeded.\nmore\n",
    "INVALID_ARGUMENT: Quota exceeded.",
  ],
])("%s", async (_, args, stderr, line) => {
  expect(await explainFailure(new GcloudError(args, stderr), target)).toBe(line);
});
