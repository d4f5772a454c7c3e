import { domains, functionNames } from "../../shared/events/registry.ts";
import { toPubSubNames } from "../common/pubsub-resources.ts";
import type { Stage } from "./apply-stages.ts";
import { findDifferences, hasBinding, type Resource } from "./resources/resource.ts";
import { toSubscriptionResource, toTopicResource } from "./resources/subscription-resource.ts";
import { buildServiceAccountId, type Target, toServiceAccountEmail, toServiceAccountId } from "./target.ts";

interface ProvisionPlan {
  readonly target: Target;
  /** The project's number, or a shell variable for it; part of the name of Pub/Sub's own service account. */
  readonly projectNumber: string;
  /** Whether each topic gets a subscription for a consumer to start with. */
  readonly withSubscriptions: boolean;
}

/** Lists all that the functions need before they can be deployed. */
export function planProvision({ target, projectNumber, withSubscriptions }: ProvisionPlan): readonly Stage[] {
  const names = functionNames.map((name) => ({
    ...toPubSubNames(domains[name].topic),
    publisher: `serviceAccount:${toServiceAccountEmail(toServiceAccountId(name), target)}`,
  }));
  const pubSubAgent = `serviceAccount:service-${projectNumber}@gcp-sa-pubsub.iam.gserviceaccount.com`;
  const builder = `serviceAccount:${toServiceAccountEmail(buildServiceAccountId, target)}`;

  const accounts = [
    ...functionNames.map((name) => toServiceAccountResource(toServiceAccountId(name), `Runs ${name}`, target)),
    toServiceAccountResource(buildServiceAccountId, "Builds the functions", target),
  ];
  const topics = names.flatMap(({ topic, deadLetter }) => [topic, deadLetter]);
  const keptDeadLetters = names.map(({ deadLetter, kept }) =>
    toSubscriptionResource(kept, deadLetter, { retentionDays: 31 }, target),
  );
  const defaultSubscriptions = names.map(({ topic, deadLetter, subscription }) =>
    toSubscriptionResource(subscription, topic, { retentionDays: 7, deadLetterTopic: deadLetter }, target),
  );

  return [
    [toApisResource(target)],
    [...accounts, ...topics.map((topic) => toTopicResource(topic, target))],
    [
      ...keptDeadLetters,
      ...(withSubscriptions ? defaultSubscriptions : []),
      toPubSubAgentResource(pubSubAgent, target),
    ],
    [
      ...names.map(({ topic, publisher }) =>
        toBindingResource(["pubsub", "topics"], topic, "roles/pubsub.publisher", publisher, target),
      ),
      ...names.map(({ deadLetter }) =>
        toBindingResource(["pubsub", "topics"], deadLetter, "roles/pubsub.publisher", pubSubAgent, target),
      ),
      ...(withSubscriptions ? names : []).map(({ subscription }) =>
        toBindingResource(["pubsub", "subscriptions"], subscription, "roles/pubsub.subscriber", pubSubAgent, target),
      ),
      toBindingResource(["projects"], target.project, "roles/cloudbuild.builds.builder", builder, target),
    ],
  ];
}

const apis = [
  "artifactregistry.googleapis.com",
  "cloudbuild.googleapis.com",
  "cloudfunctions.googleapis.com",
  "cloudresourcemanager.googleapis.com",
  "iam.googleapis.com",
  "logging.googleapis.com",
  "monitoring.googleapis.com",
  "pubsub.googleapis.com",
  "run.googleapis.com",
];

function toApisResource({ project }: Target): Resource {
  return {
    name: "APIs",
    read: ["services", "list", "--enabled", `--project=${project}`, "--format=json", "--quiet"],
    create: ["services", "enable", ...apis, `--project=${project}`, "--quiet"],
    differences: (found) => {
      const enabled = new Set((found as readonly { config: { name: string } }[]).map(({ config }) => config.name));
      return apis.filter((api) => !enabled.has(api));
    },
  };
}

function toServiceAccountResource(id: string, displayName: string, target: Target): Resource {
  const email = toServiceAccountEmail(id, target);
  const account = ["iam", "service-accounts"];
  const flags = [`--project=${target.project}`, "--quiet"];
  return {
    name: `service account ${id}`,
    read: [...account, "describe", email, ...flags, "--format=json"],
    create: [...account, "create", id, `--display-name=${displayName}`, ...flags],
    update: [...account, "update", email, `--display-name=${displayName}`, ...flags],
    differences: (found) => findDifferences(found, { displayName }),
  };
}

/**
 * Pub/Sub's own account in the project, which forwards dead letters. Pub/Sub makes it when it first needs it, and until
 * then nothing can be granted to it. A grant that names it is the sign that it is there.
 */
function toPubSubAgentResource(member: string, target: Target): Resource {
  const { deadLetter } = toPubSubNames(domains.commerce.topic);
  return {
    ...toBindingResource(["pubsub", "topics"], deadLetter, "roles/pubsub.publisher", member, target),
    name: "service account of Pub/Sub",
    create: [
      ...["beta", "services", "identity", "create", "--service=pubsub.googleapis.com"],
      ...[`--project=${target.project}`, "--quiet"],
    ],
  };
}

function toBindingResource(
  kind: readonly ["pubsub", "topics" | "subscriptions"] | readonly ["projects"],
  id: string,
  role: string,
  member: string,
  { project }: Target,
): Resource {
  // A project is named by the argument itself; it alone may hold conditional grants, about which gcloud would ask.
  const place = kind[0] === "projects" ? ["--quiet"] : [`--project=${project}`, "--quiet"];
  const condition = kind[0] === "projects" ? ["--condition=None"] : [];
  return {
    name: `${role} on ${id}`,
    read: [...kind, "get-iam-policy", id, ...place, "--format=json"],
    create: [...kind, "add-iam-policy-binding", id, `--member=${member}`, `--role=${role}`, ...condition, ...place],
    differences: (policy) => (hasBinding(policy, role, member) ? [] : [role]),
  };
}
