import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createFakeGcloud, emptyProject, type FakeGcloud } from "../../testing/google-cloud/fake-gcloud.ts";
import { explainFailure } from "./explain-failure.ts";
import { GcloudError } from "./gcloud.ts";
import { withPropagation } from "./propagation.ts";

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
    "a permission that somebody else lacks: as it came",
    deploy,
    "ERROR: (gcloud.functions.deploy) ResponseError: status=[403], code=[Ok], message=[pulsecart-build@shop-prod.iam.gserviceaccount.com does not have storage.objects.get access. Permission 'storage.objects.get' denied on resource (or it may not exist).]",
    "ResponseError: status=[403], code=[Ok], message=[pulsecart-build@shop-prod.iam.gserviceaccount.com does not have storage.objects.get access. Permission 'storage.objects.get' denied on resource (or it may not exist).]",
  ],
  [
    "a 403 of a kind that is not known: as it came, all its lines",
    ["auth", "print-identity-token"],
    "ERROR: (gcloud.x) HTTPError 403: something new\n- one\n- two\n",
    "HTTPError 403: something new\n- one\n- two",
  ],
  [
    "anything else: gcloud's own words from the error on, all lines",
    deploy,
    "WARNING: this and that\nERROR: (gcloud.functions.deploy) INVALID_ARGUMENT: Quota exceeded.\nmore\n",
    "INVALID_ARGUMENT: Quota exceeded.\nmore",
  ],
  [
    "refused impersonation: a grant on that account alone",
    ["auth", "print-identity-token"],
    `ERROR: (gcloud.auth.print-identity-token) PERMISSION_DENIED: Failed to impersonate [ci@shop-prod.iam.gserviceaccount.com]. Make sure the account that's trying to impersonate it has access to the service account itself and the "roles/iam.serviceAccountTokenCreator" role. Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).`,
    "ops@example.com may not act as ci@shop-prod.iam.gserviceaccount.com; whoever administers that account lets it: gcloud iam service-accounts add-iam-policy-binding ci@shop-prod.iam.gserviceaccount.com --member=user:ops@example.com --role=roles/iam.serviceAccountTokenCreator --project=shop-prod",
  ],
  [
    "an API that is off",
    ["run", "services", "describe", "commerce"],
    `ERROR: (gcloud.run.services.describe) PERMISSION_DENIED: Cloud Run Admin API has not been used in project 123456789012 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/run.googleapis.com/overview?project=123456789012 then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.
- '@type': type.googleapis.com/google.rpc.ErrorInfo
  domain: googleapis.com
  metadata:
    consumer: projects/123456789012
    service: run.googleapis.com
  reason: SERVICE_DISABLED`,
    "the API run.googleapis.com is off in the project, or was switched on a moment ago; switch it on, and wait some minutes: gcloud services enable run.googleapis.com --project=shop-prod",
  ],
  [
    "VPC Service Controls",
    deploy,
    "ERROR: (gcloud.functions.deploy) ResponseError: status=[403], code=[Forbidden], message=[Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: a-B_c9]",
    "the organisation's VPC Service Controls do not let this call through, and no role changes that; ask who runs them, with the identifier a-B_c9",
  ],
  [
    "a project without billing",
    ["services", "enable", "x"],
    "ERROR: (gcloud.services.enable) FAILED_PRECONDITION: Billing account for project '123456789012' is not found. Billing must be enabled for activation of service(s) 'run.googleapis.com' to proceed.",
    "the project has no open billing account; link one: gcloud billing projects link shop-prod --billing-account=ACCOUNT",
  ],
  [
    "a method that requires billing",
    deploy,
    "ERROR: (gcloud.functions.deploy) ResponseError: status=[403], code=[Forbidden], message=[This API method requires billing to be enabled. Please enable billing on project #123456789012]",
    "the project has no open billing account; link one: gcloud billing projects link shop-prod --billing-account=ACCOUNT",
  ],
  [
    "an organisation that forbids allUsers",
    ["functions", "add-invoker-policy-binding", "commerce"],
    "ERROR: (gcloud.functions.add-invoker-policy-binding) FAILED_PRECONDITION: One or more users named in the policy do not belong to a permitted customer,  perhaps due to an organization policy.",
    "the organisation's policy forbids grants to members outside of it, allUsers too; to open a function all the same, use --no-invoker-iam-check instead of --allow-unauthenticated",
  ],
  [
    "a quota of Cloud Run",
    deploy,
    "ERROR: (gcloud.functions.deploy) OperationError: code=3, message=Could not create Cloud Run service commerce. spec.template.spec.containers.resources.limits.cpu: Invalid value specified for cpu. Max instances must be set to 20 or fewer to set the requested total CPU.\nConsider running your workload in a region with greater capacity, or requesting an increase in quota for this region if you are seeing sustained usage near this limit, see https://cloud.google.com/run/quotas.\n\nQuota violated:\nCpuAllocPerProjectRegion requested: 100000 allowed: 20000\nMemAllocPerProjectRegion requested: 53687091200 allowed: 42949672960",
    "the project's Cloud Run quota in europe-west1 allows 20 instances: deploy with --max-instances commerce=20, or ask for more: https://cloud.google.com/run/quotas",
  ],
  [
    "the same quota in words about billing",
    ["functions", "deploy", "system"],
    "ERROR: (gcloud.functions.deploy) OperationError: code=3, message=Could not create Cloud Run service system. spec.template.spec.containers.resources.limits.cpu: Invalid value specified for cpu. For the specified value, maxScale may not exceed 10.\nConsider running your workload in a region with greater capacity, decreasing your requested cpu-per-instance, or requesting an increase in quota for this region if you are seeing sustained usage near this limit, see https://cloud.google.com/run/quotas. Your project may gain access to further scaling by adding billing information to your account.",
    "the project's Cloud Run quota in europe-west1 allows 10 instances: deploy with --max-instances system=10, or ask for more: https://cloud.google.com/run/quotas",
  ],
  [
    "a quota that allows none",
    ["run", "services", "update", "commerce"],
    "ERROR: (gcloud.run.services.update) spec.template.metadata.annotations[autoscaling.knative.dev/maxScale]: Max instances must be set to 0 or fewer to set the requested total CPU.",
    "the project's Cloud Run quota in europe-west1 allows no instance of this size: ask for more: https://cloud.google.com/run/quotas",
  ],
  [
    "Google's own accounts, which are not ready",
    deploy,
    "ERROR: (gcloud.functions.deploy) OperationError: code=7, message=Unable to retrieve the repository metadata for projects/shop-prod/locations/europe-west1/repositories/gcf-artifacts. Ensure that the Cloud Functions service account has 'artifactregistry.repositories.list' and 'artifactregistry.repositories.get' permissions. You can add the permissions by granting the role 'roles/artifactregistry.reader'.",
    expect.stringMatching(
      /^an account of Google's own in the project lacks a role .*; wait, and run the same again. Google says: OperationError: code=7, message=Unable/,
    ),
  ],
  [
    "Cloud Run's own account",
    deploy,
    "ERROR: (gcloud.functions.deploy) OperationError: code=7, message=Could not create or update Cloud Run service commerce, Google Cloud Run Service Agent service-123456789012@serverless-robot-prod.iam.gserviceaccount.com must have permission to read the image, europe-west1-docker.pkg.dev/x. If you just enabled the Cloud Run API, the permissions might take a few minutes to propagate.",
    expect.stringMatching(/^an account of Google's own in the project lacks a role /),
  ],
])("%s", async (_, args, stderr, line) => {
  const said = await explainFailure(new GcloudError(args, stderr), target);
  expect(said).toEqual(line);
  // Another's permission, a quota or an API that is off is never mended by a project's role of the caller's.
  if (!said.startsWith("permission ")) expect(said).not.toContain("gcloud projects add-iam-policy-binding");
});

test.each([
  [true, "Unable to retrieve the repository metadata for projects/p/locations/l/repositories/gcf-artifacts."],
  [
    true,
    "service-1@serverless-robot-prod.iam.gserviceaccount.com: the permissions might take a few minutes to propagate.",
  ],
  [true, "Cloud Functions API has not been used in project 1 before or it is disabled. reason: SERVICE_DISABLED"],
  [
    false,
    "Permission 'run.services.setIamPolicy' denied on resource. It may take a few minutes until a grant is known.",
  ],
  [false, "Caller is missing permission 'iam.serviceaccounts.actAs' on service account x."],
  [false, "Max instances must be set to 20 or fewer to set the requested total CPU."],
])("what propagation explains is tried again (%s): %s", async (isTriedAgain, stderr) => {
  let attempts = 0;
  const call = () => {
    attempts += 1;
    return attempts === 1 ? Promise.reject(new GcloudError(deploy, `ERROR: ${stderr}`)) : Promise.resolve("done");
  };
  const outcome = await withPropagation(call, { delays: [1] }).catch((error: Error) => error.name);
  expect([attempts, outcome]).toEqual(isTriedAgain ? [2, "done"] : [1, "GcloudError"]);
});
