/** What a gcloud command needs and a predefined role that brings it. */
export interface Permission {
  readonly name: string;
  readonly role: string;
}

const serviceUsage = "roles/serviceusage.serviceUsageAdmin";
const accounts = "roles/iam.serviceAccountAdmin";
const pubsub = "roles/pubsub.admin";
const subscriber = "roles/pubsub.subscriber";
const projects = "roles/resourcemanager.projectIamAdmin";
const functions = "roles/cloudfunctions.admin";
const run = "roles/run.admin";
const monitoring = "roles/monitoring.editor";
const logging = "roles/logging.configWriter";

const permissions: readonly (Permission & { readonly command: string })[] = [
  { command: "services list", name: "serviceusage.services.list", role: serviceUsage },
  { command: "services enable", name: "serviceusage.services.enable", role: serviceUsage },
  { command: "beta services identity create", name: "serviceusage.services.enable", role: serviceUsage },
  { command: "iam service-accounts describe", name: "iam.serviceAccounts.get", role: accounts },
  { command: "iam service-accounts create", name: "iam.serviceAccounts.create", role: accounts },
  { command: "iam service-accounts update", name: "iam.serviceAccounts.update", role: accounts },
  { command: "pubsub topics describe", name: "pubsub.topics.get", role: pubsub },
  { command: "pubsub topics create", name: "pubsub.topics.create", role: pubsub },
  { command: "pubsub topics update", name: "pubsub.topics.update", role: pubsub },
  { command: "pubsub topics get-iam-policy", name: "pubsub.topics.getIamPolicy", role: pubsub },
  { command: "pubsub topics add-iam-policy-binding", name: "pubsub.topics.setIamPolicy", role: pubsub },
  { command: "pubsub subscriptions describe", name: "pubsub.subscriptions.get", role: pubsub },
  { command: "pubsub subscriptions create", name: "pubsub.subscriptions.create", role: pubsub },
  { command: "pubsub subscriptions update", name: "pubsub.subscriptions.update", role: pubsub },
  { command: "pubsub subscriptions get-iam-policy", name: "pubsub.subscriptions.getIamPolicy", role: pubsub },
  { command: "pubsub subscriptions add-iam-policy-binding", name: "pubsub.subscriptions.setIamPolicy", role: pubsub },
  { command: "pubsub subscriptions delete", name: "pubsub.subscriptions.delete", role: pubsub },
  { command: "pubsub subscriptions pull", name: "pubsub.subscriptions.consume", role: subscriber },
  { command: "pubsub subscriptions acknowledge", name: "pubsub.subscriptions.consume", role: subscriber },
  { command: "pubsub subscriptions modifyAckDeadline", name: "pubsub.subscriptions.consume", role: subscriber },
  { command: "pubsub subscriptions seek", name: "pubsub.subscriptions.consume", role: subscriber },
  { command: "pubsub topics list", name: "pubsub.topics.get", role: "roles/pubsub.viewer" },
  { command: "pubsub topics publish", name: "pubsub.topics.publish", role: "roles/pubsub.publisher" },
  { command: "logging metrics describe", name: "logging.logMetrics.get", role: logging },
  { command: "logging metrics create", name: "logging.logMetrics.create", role: logging },
  { command: "logging metrics update", name: "logging.logMetrics.update", role: logging },
  { command: "logging read", name: "logging.logEntries.list", role: "roles/logging.viewer" },
  { command: "beta monitoring channels list", name: "monitoring.notificationChannels.list", role: monitoring },
  { command: "beta monitoring channels create", name: "monitoring.notificationChannels.create", role: monitoring },
  { command: "beta monitoring channels update", name: "monitoring.notificationChannels.update", role: monitoring },
  { command: "alpha monitoring policies list", name: "monitoring.alertPolicies.list", role: monitoring },
  { command: "alpha monitoring policies create", name: "monitoring.alertPolicies.create", role: monitoring },
  { command: "alpha monitoring policies update", name: "monitoring.alertPolicies.update", role: monitoring },
  { command: "monitoring dashboards list", name: "monitoring.dashboards.list", role: monitoring },
  { command: "monitoring dashboards create", name: "monitoring.dashboards.create", role: monitoring },
  { command: "monitoring dashboards update", name: "monitoring.dashboards.update", role: monitoring },
  { command: "projects describe", name: "resourcemanager.projects.get", role: "roles/browser" },
  { command: "projects get-iam-policy", name: "resourcemanager.projects.getIamPolicy", role: projects },
  { command: "projects add-iam-policy-binding", name: "resourcemanager.projects.setIamPolicy", role: projects },
  { command: "functions deploy", name: "cloudfunctions.functions.create", role: functions },
  { command: "functions describe", name: "cloudfunctions.functions.get", role: functions },
  { command: "functions add-invoker-policy-binding", name: "run.services.setIamPolicy", role: run },
  { command: "run services describe", name: "run.services.get", role: run },
  { command: "run services update", name: "run.services.update", role: run },
  { command: "run services update-traffic", name: "run.services.update", role: run },
  { command: "run services get-iam-policy", name: "run.services.getIamPolicy", role: run },
  { command: "run revisions list", name: "run.revisions.list", role: run },
];

/** The roles that bring the permissions of an API, by the permission's first word. */
const roles: Readonly<Record<string, string>> = {
  ...{ serviceusage: serviceUsage, iam: accounts, pubsub, resourcemanager: projects },
  ...{ cloudfunctions: functions, run, monitoring, logging },
};

/** How Pub/Sub, Resource Manager and gcloud itself refuse the caller without naming the permission. */
const unnamed =
  /User not authorized to perform this action|[Tt]he caller does not have permission|\] does not have permission to access|Permission denied\b/;

/**
 * Finds the permission that a refused gcloud command lacked.
 *
 * @param args the command's arguments
 * @param stderr what gcloud said; most APIs name the permission, Pub/Sub and Resource Manager do not
 * @returns undefined where it was not refused for a permission that is known
 */
export function findPermission(args: readonly string[], stderr: string): Permission | undefined {
  const command = `${args.join(" ")} `;
  const usual = permissions.find((entry) => command.startsWith(`${entry.command} `));
  const named = /permission ['"[]?([a-z]+\.[a-z]+\.[a-z]+)\b/i.exec(stderr)?.[1];
  if (named === undefined) return unnamed.test(stderr) ? usual : undefined;
  // Google writes this one in several ways; no command's usual role has it.
  if (named.toLowerCase() === "iam.serviceaccounts.actas") {
    return { name: "iam.serviceAccounts.actAs", role: "roles/iam.serviceAccountUser" };
  }
  if (named === usual?.name) return usual;
  const role = roles[named.split(".")[0] ?? ""];
  return role === undefined ? undefined : { name: named, role };
}
