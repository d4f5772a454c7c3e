import { connectPubSub } from "../../pubsub/client.ts";
import { type ArrivedMessage, type OpenSubscription, openSubscription } from "../../pubsub/open-subscription.ts";
import { type Api, ok } from "./api.ts";

interface Delivery {
  readonly arrived: ArrivedMessage[];
  readonly reader: OpenSubscription;
}

/** Subscriptions that have messages, since a Pub/Sub server stands behind them. */
export interface Deliveries {
  /** Makes and deletes them with those of the admin API, and answers `pull` and `acknowledge`; undefined for all else. */
  readonly api: Api;
  close(): void;
}

/**
 * Lets the REST API's subscriptions deliver what functions publish to a Pub/Sub server.
 *
 * @param endpoint where that server is, once it is known; without one nothing is delivered
 */
export function createDeliveries(endpoint: () => string | undefined): Deliveries {
  const open = new Map<string, Delivery>();
  const create = async (server: string, project: string, id: string, body: { topic: string; filter?: string }) => {
    const admin = connectPubSub(server, project);
    const topic = body.topic.replace(/^.*\//, "");
    await admin.createTopic(topic);
    await admin.createSubscription(id, topic, { ordered: true, ...(body.filter && { filter: body.filter }) });
    admin.close();
    const arrived: ArrivedMessage[] = [];
    const reader = openSubscription(server, project, id, (message) => arrived.push(message));
    open.set(`projects/${project}/subscriptions/${id}`, { arrived, reader });
  };
  const api: Api = async ({ method, path, body }) => {
    const server = endpoint();
    const [, name = "", project = "", id = "", action] =
      /^v1\/(projects\/([^/]+)\/subscriptions\/([^/:]+))(?::(pull|acknowledge))?$/.exec(path) ?? [];
    if (server === undefined || id === "") return undefined;
    if (action === "acknowledge") return ok({});
    if (action === "pull") {
      const receivedMessages = (open.get(name)?.arrived.splice(0) ?? []).map(toReceived);
      return ok(receivedMessages.length > 0 ? { receivedMessages } : {});
    }
    if (method === "PUT") await create(server, project, id, body as { topic: string; filter?: string });
    if (method === "DELETE") {
      open.get(name)?.reader.close();
      open.delete(name);
    }
    return undefined;
  };
  return { api, close: () => [...open.values()].forEach(({ reader }) => void reader.close()) };
}

function toReceived({ data, attributes, orderingKey, messageId, publishTime }: ArrivedMessage) {
  const message = { attributes, orderingKey, messageId, publishTime: new Date(publishTime).toISOString() };
  return { ackId: messageId, message: { ...message, data: data.toString("base64") } };
}
