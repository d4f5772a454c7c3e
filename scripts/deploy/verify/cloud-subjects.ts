import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { domains, type FunctionName } from "../../../shared/events/registry.ts";
import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import { findTag, readService, toVariables } from "../cloud-run/service.ts";
import { runGcloud } from "../gcloud/gcloud.ts";
import { connectRest, type SentMessage, toArrived } from "../gcloud/pubsub-rest.ts";
import { labels, type Target, toLabelFlag } from "../target.ts";
import { CannotVerifyError, type Listener, type Subject } from "./subject.ts";

const pauseMs = 100;

interface Received {
  readonly ackId: string;
  readonly message: SentMessage;
}

/** A subscription that is being read. */
interface PulledSubscription {
  close(): void;
  /** Why the last attempt to read it failed; undefined where it did not. */
  failure(): string | undefined;
}

/**
 * Reads a subscription over Pub/Sub's REST API until closed.
 *
 * @throws GcloudError where gcloud gives no access token
 */
async function pullMessages(
  project: string,
  subscription: string,
  onMessage: (message: ArrivedMessage) => void,
): Promise<PulledSubscription> {
  let failure: string | undefined;
  const ending = new AbortController();
  const call = await connectRest(project, ending.signal);
  const post = (method: string, body: object) => call("POST", `subscriptions/${subscription}:${method}`, body);
  const pull = async () => {
    while (!ending.signal.aborted) {
      try {
        const answer = await post("pull", { maxMessages: 100 });
        const { receivedMessages = [] } = answer as { receivedMessages?: Received[] };
        failure = undefined;
        for (const { message } of receivedMessages) onMessage(toArrived(message));
        if (receivedMessages.length > 0)
          await post("acknowledge", { ackIds: receivedMessages.map(({ ackId }) => ackId) });
        else await sleep(pauseMs);
      } catch (error) {
        failure = (error as Error).message;
        await sleep(10 * pauseMs);
      }
    }
  };
  void pull();
  return { close: () => ending.abort(), failure: () => failure };
}

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
  const subscription = `pulsecart-verify-${randomUUID()}`;
  const command = ["pubsub", "subscriptions"];
  const place = [`--project=${project}`, "--quiet"];
  await runGcloud([
    ...[...command, "create", subscription, `--topic=${domains[name].topic}`, "--enable-message-ordering"],
    // One that is left behind, as by a computer that loses its power, goes by itself.
    ...[`--message-filter=${filter}`, "--expiration-period=1d", "--message-retention-duration=10m"],
    ...["--ack-deadline=60", `--labels=${toLabelFlag(labels)}`, ...place],
  ]);
  const remove = () => runGcloud([...command, "delete", subscription, ...place]);
  try {
    const reader = await pullMessages(project, subscription, onMessage);
    return {
      failure: reader.failure,
      async close() {
        reader.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
