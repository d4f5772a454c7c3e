import type { PubSubAdmin } from "../../pubsub/client.ts";
import { labels } from "../target.ts";
import { GcloudError, runGcloud } from "./gcloud.ts";

/** Pub/Sub of a project or of the local stack; topics and subscriptions by their ids. */
export type PubSub = Omit<PubSubAdmin, "createTopic" | "deleteTopic" | "close">;

const actions = { GET: "list", PUT: "create", DELETE: "delete", POST: "" } as const;
/** The API takes no request above 512 KiB here, and an ack id has some 200 bytes. */
const MOST_ACK_IDS = 1000;

/** A message of the REST API. */
interface SentMessage {
  readonly data?: string;
  readonly attributes?: Record<string, string>;
  readonly orderingKey?: string;
  readonly messageId: string;
  readonly publishTime: string;
}

/**
 * Pub/Sub of a Google Cloud project, as the account that gcloud is logged in with. Its subscriptions are temporary: one that is
 * left behind, as by a computer that loses its power, goes by itself.
 *
 * @returns functions that throw a GcloudError where they are refused, as if gcloud had been
 * @throws GcloudError where gcloud gives no access token
 */
export async function connectCloudPubSub(project: string): Promise<PubSub> {
  const call = await connectRest(project);
  const post = (id: string, method: string, body: object) => call("POST", `subscriptions/${id}:${method}`, body);
  return {
    async listSubscriptions(topic) {
      try {
        const { subscriptions = [] } = await call("GET", `topics/${topic}/subscriptions?pageSize=1000`);
        return (subscriptions as string[]).map((name) => name.replace(/^.*\//, ""));
      } catch (error) {
        if (error instanceof GcloudError && error.stderr.includes("NOT_FOUND")) return undefined;
        throw error;
      }
    },
    createSubscription: (id, topic, { ordered: enableMessageOrdering, filter } = {}) =>
      call("PUT", `subscriptions/${id}`, {
        ...{ topic: `projects/${project}/topics/${topic}`, enableMessageOrdering, filter, labels },
        ...{ ackDeadlineSeconds: 60, messageRetentionDuration: "600s", expirationPolicy: { ttl: "86400s" } },
      }),
    deleteSubscription: (id) => call("DELETE", `subscriptions/${id}`),
    seek: (id, time) => post(id, "seek", { time: time.toISOString() }),
    async pull(id) {
      // Otherwise a pull that finds nothing waits for more than a minute.
      const answer = await post(id, "pull", { maxMessages: 1000, returnImmediately: true });
      const { receivedMessages = [] } = answer as { receivedMessages?: { ackId: string; message: SentMessage }[] };
      return receivedMessages.map(({ ackId, message: { data = "", publishTime, messageId, ...given } }) => {
        const { attributes = {}, orderingKey = "" } = given;
        const own = { data: Buffer.from(data, "base64"), publishTime: Date.parse(publishTime) };
        return { ackId, message: { ...own, attributes, orderingKey, messageId } };
      });
    },
    acknowledge: (id, ackIds) => post(id, "acknowledge", { ackIds }),
    async modifyDeadline(id, ackIds, ackDeadlineSeconds) {
      for (let from = 0; from < ackIds.length; from += MOST_ACK_IDS) {
        await post(id, "modifyAckDeadline", { ackIds: ackIds.slice(from, from + MOST_ACK_IDS), ackDeadlineSeconds });
      }
    },
    async publish(topic, messages) {
      const sent = messages.map(({ data, ...message }) => ({ ...message, data: data?.toString("base64") }));
      const { messageIds } = await call("POST", `topics/${topic}:publish`, { messages: sent });
      return messageIds as string[];
    },
  };
}

/** Calls Pub/Sub's REST API where gcloud itself goes; each of gcloud's own commands takes a second or two to start. */
async function connectRest(project: string) {
  const readToken = () => runGcloud(["auth", "print-access-token", "--quiet"]);
  let token = await readToken();
  // Such as a private endpoint.
  const override = await runGcloud(["config", "get-value", "api_endpoint_overrides/pubsub", "--quiet"]);
  const base = `${override || "https://pubsub.googleapis.com/"}v1/projects/${project}/`;
  return async (verb: keyof typeof actions, path: string, body?: object) => {
    const send = () =>
      fetch(base + path, {
        method: verb,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(60_000),
      });
    let response = await send();
    // A token is good for an hour, and some work takes longer.
    if (response.status === 401) {
      token = await readToken();
      response = await send();
    }
    const answer = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
    if (response.ok) return answer;
    const { status, message } = (answer.error ?? {}) as { readonly status?: string; readonly message?: string };
    const [, collection = "", action = actions[verb]] = /^(\w+)\/[^:]*(?::(\w+))?/.exec(path) ?? [];
    throw new GcloudError(["pubsub", collection, action], `ERROR: ${status ?? response.status}: ${message ?? path}`);
  };
}
