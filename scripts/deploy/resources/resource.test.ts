import { afterEach, expect, test, vi } from "vitest";
import { createFakeGcloud } from "../../testing/google-cloud/fake-gcloud.ts";
import { applyResource, findDifferences, hasBinding, type Resource } from "./resource.ts";
import { toSubscriptionResource } from "./subscription-resource.ts";

const thing: Resource = {
  name: "thing",
  read: ["things", "read"],
  create: ["things", "create"],
  update: ["things", "update"],
  differences: (found) => findDifferences(found, { size: 1 }),
};

const missing = `"things read"*) echo 'ERROR: (gcloud) NOT_FOUND: no such thing' >&2; exit 1 ;;`;

async function applyWith(cases: string, resource = thing) {
  const gcloud = await createFakeGcloud(`\n${cases}`);
  vi.stubEnv("PATH", gcloud.path);
  try {
    const outcome = await applyResource(resource).catch((error: Error) => error.message);
    return { outcome, calls: (await gcloud.calls()).map(([, verb]) => verb) };
  } finally {
    await gcloud.close();
  }
}

afterEach(() => vi.unstubAllEnvs());

test.each([
  ["is missing", missing, "created", ["read", "create"]],
  ["differs", `"things read"*) echo '{"size": 2}' ;;`, "updated size", ["read", "update"]],
  ["is as wanted", `"things read"*) echo '{"size": 1, "more": true}' ;;`, "unchanged", ["read"]],
])("a resource that %s", async (_, cases, outcome, calls) => {
  expect(await applyWith(cases)).toEqual({ outcome, calls });
});

test("what was made a moment ago and is not known everywhere yet is tried again", async () => {
  const notYet = `"things create"*) [ -e "$0.tried" ] || { : > "$0.tried"; echo 'ERROR: INVALID_ARGUMENT: Service account x does not exist.' >&2; exit 1; } ;;`;
  const result = await applyWith(`${missing}\n${notYet}`);
  expect(result).toEqual({ outcome: "created", calls: ["read", "create", "create"] });
});

test("any other failure is not tried again", async () => {
  const { outcome, calls } = await applyWith(`${missing}\n*) echo 'ERROR: quota exceeded' >&2; exit 1 ;;`);
  expect(outcome).toContain("quota exceeded");
  expect(calls).toEqual(["read", "create"]);
});

test("a subscription without order and filter cannot be changed: the line says how to replace it", async () => {
  const subscription = toSubscriptionResource(
    "orders.default",
    "orders",
    { retentionDays: 7, deadLetterTopic: "orders.dead-letter" },
    { project: "shop-prod", region: "europe-west1" },
  );
  const found = `*) echo '{"topic": "projects/shop-prod/topics/orders"}' ;;`;
  expect(await applyWith(found, subscription)).toEqual({
    outcome:
      "Pub/Sub cannot change enableMessageOrdering and filter of the existing subscription; delete it (with what waits in it) and run this again: gcloud pubsub subscriptions delete orders.default --project=shop-prod",
    calls: ["subscriptions"],
  });
});

test("differences are looked for in what is wanted alone", () => {
  const found = { labels: { app: "a", team: "t" }, policy: { regions: ["r1"] }, expiration: { ttl: "9s" } };
  expect(findDifferences(found, { labels: { app: "a" }, policy: { regions: ["r1"] } })).toEqual([]);
  expect(findDifferences(found, { policy: { regions: ["r2"] }, expiration: { ttl: undefined }, age: 1 })).toEqual([
    "policy.regions",
    "expiration.ttl",
    "age",
  ]);
});

test("a conditional grant is not the grant that is wanted", () => {
  const binding = { role: "roles/x", members: ["user:a@b.c"] };
  expect(hasBinding({ bindings: [binding] }, "roles/x", "user:a@b.c")).toBe(true);
  expect(hasBinding({ bindings: [{ ...binding, condition: { expression: "false" } }] }, "roles/x", "user:a@b.c")).toBe(
    false,
  );
  expect(hasBinding({ etag: "ACAB" }, "roles/x", "user:a@b.c")).toBe(false);
});
