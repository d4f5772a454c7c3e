import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { domains, type FunctionName } from "../../../shared/events/registry.ts";
import { findTag, readService, toVariables } from "../cloud-run/service.ts";
import { connectCloudPubSub } from "../gcloud/cloud-pubsub.ts";
import { runGcloud } from "../gcloud/gcloud.ts";
import type { Target } from "../target.ts";
import { CannotVerifyError, type Listener, type Subject } from "./subject.ts";

const pauseMs = 100;

/**
 * The deployed functions of a project.
 *
 * @param options.account a service account that may call them, which gcloud shall act as for its ID token
 * @param options.tag of the revision that is meant, whatever its share of the traffic; the serving one unless given
 * @throws CannotVerifyError where one is not deployed, GcloudError where gcloud is refused
 */
export function findCloudSubjects(
  target: Target,
  names: readonly FunctionName[],
  { account, tag }: { account?: string | undefined; tag?: string | undefined },
): Promise<Subject[]> {
  return Promise.all(
    names.map(async (name) => {
      const service = await readService(name, target);
      const audience = service?.status?.url;
      const url = service === undefined || tag === undefined ? audience : findTag(service, tag)?.url;
      if (audience === undefined || url === undefined) throw new CannotVerifyError(explainAbsence(name, target));
      const shards = Number(toVariables(service?.spec?.template ?? {}).ORDERING_KEY_SHARDS ?? 0);
      // Under a tag, too, a token is made for the service's own URL.
      const token = await readIdToken(audience, account);
      return { name, url, token, shards, listen: (filter, onMessage) => listen(name, target, filter, onMessage) };
    }),
  );
}

function explainAbsence(name: FunctionName, { project, region }: Target): string {
  return `${name} is not deployed in ${region}; run: npm run deploy -- --project ${project} --region ${region} ${name}`;
}

/** @returns undefined where the account that gcloud is logged in with gets none: the functions may be open to all */
export async function readIdToken(url: string, account: string | undefined): Promise<string | undefined> {
  const print = ["auth", "print-identity-token", "--quiet"];
  if (account !== undefined) {
    return runGcloud([...print, `--impersonate-service-account=${account}`, `--audiences=${url}`]);
  }
  const own = await runGcloud(["config", "get-value", "account", "--quiet"]);
  // Only a service account's token can be made for one audience; a person's has none.
  const audience = own.endsWith(".gserviceaccount.com") ? [`--audiences=${url}`] : [];
  return runGcloud([...print, ...audience]).catch(() => undefined);
}

async function listen(
  name: FunctionName,
  { project }: Target,
  filter: string,
  onMessage: Parameters<Subject["listen"]>[1],
): Promise<Listener> {
  const pubsub = await connectCloudPubSub(project);
  const subscription = `pulsecart-verify-${randomUUID()}`;
  await pubsub.createSubscription(subscription, domains[name].topic, { ordered: true, filter });
  let failure: string | undefined;
  let isClosed = false;
  const read = async () => {
    while (!isClosed) {
      try {
        const received = await pubsub.pull(subscription);
        failure = undefined;
        for (const { message } of received) onMessage(message);
        const ackIds = received.map(({ ackId }) => ackId);
        if (ackIds.length > 0) await pubsub.acknowledge(subscription, ackIds);
        else await sleep(pauseMs);
      } catch (error) {
        failure = (error as Error).message;
        await sleep(10 * pauseMs);
      }
    }
  };
  void read();
  return {
    failure: () => failure,
    async close() {
      isClosed = true;
      await pubsub.deleteSubscription(subscription);
    },
  };
}
