import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { callUnary, connectPubSub } from "../../pubsub/client.ts";
import {
  publisherMethods,
  type ReceivedMessage,
  subscriberMethods,
  toMs,
  unlimitedMessages,
} from "../../pubsub/protocol.ts";
import { type Api, type ApiRequest, fail, notFound, ok, type Policies } from "./api.ts";

type Resource = Record<string, unknown>;

/** Topics and subscriptions by their full names: made, read and patched as the Pub/Sub admin API does it. */
export function createPubSub(resources: Map<string, Resource>, policies: Policies): Api {
  return (request) => {
    const name = request.path.replace(/^v1\//, "").replace(/:\w+$/, "");
    if (!/^projects\/[^/]+\/(topics|subscriptions)\/[^/]+$/.test(name)) return undefined;
    const found = resources.get(name);
    if (request.method === "PUT") {
      if (found !== undefined) return fail(409, "ALREADY_EXISTS", `Resource already exists (resource=${name}).`);
      const created = { ...(request.body as Resource), name };
      resources.set(name, created);
      return ok(created);
    }
    if (found === undefined) return notFound(name);
    if (request.method === "DELETE") {
      resources.delete(name);
      return ok({});
    }
    if (request.method === "PATCH") {
      const patched = patch(found, request);
      resources.set(name, patched);
      return ok(patched);
    }
    return policies.answer(request) ?? (request.method === "GET" ? ok(found) : undefined);
  };
}

function patch(found: Resource, { body }: ApiRequest): Resource {
  const { topic, subscription, updateMask } = body as { topic?: Resource; subscription?: Resource; updateMask: string };
  const changes = topic ?? subscription ?? {};
  const fields = updateMask.split(",").map((field) => field.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()));
  return { ...found, ...Object.fromEntries(fields.map((field) => [field, changes[field]])) };
}

/** Topics and subscriptions that have messages, since a Pub/Sub server stands behind them. */
export interface Deliveries {
  /** Makes and deletes subscriptions with those of the admin API, and answers what is about messages; undefined for all else. */
  readonly api: Api;
  close(): void;
}

interface Body {
  readonly topic?: string;
  readonly filter?: string;
  readonly enableMessageOrdering?: boolean;
  readonly maxMessages?: number;
  readonly ackIds?: string[];
  readonly ackDeadlineSeconds?: number;
  readonly time?: string;
  readonly messages?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Passes the REST API's messages on to a Pub/Sub server.
 *
 * @param endpoint where that server is, once it is known; without one there are none
 */
export function createDeliveries(endpoint: () => string | undefined): Deliveries {
  const clients = new Map<string, Client>();
  const connect = (server: string) => {
    const client = clients.get(server) ?? new Client(server, credentials.createInsecure(), unlimitedMessages);
    clients.set(server, client);
    return client;
  };
  return {
    async api(request) {
      const server = endpoint();
      if (server === undefined) return undefined;
      try {
        const answer = await pass(request, server, connect(server));
        return answer === undefined ? undefined : ok(answer);
      } catch (error) {
        const { code, details } = error as ServiceError;
        return fail(code === status.NOT_FOUND ? 404 : 503, status[code] ?? "UNKNOWN", details);
      }
    },
    close: () => clients.forEach((client) => void client.close()),
  };
}

async function pass({ method, path, body }: ApiRequest, server: string, client: Client): Promise<object | undefined> {
  const [, name = "", project = "", kind, id = "", action] =
    /^v1\/(projects\/([^/]+)\/(topics|subscriptions)\/([^/:]+))(?::(\w+)|\/(?:subscriptions))?$/.exec(path) ?? [];
  const { topic = "", filter, enableMessageOrdering: ordered = false, ...sent } = (body ?? {}) as Body;
  const { ackIds = [], ackDeadlineSeconds = 0, maxMessages = 0, messages = [], time = "" } = sent;
  if (kind === "topics") {
    if (path.endsWith("/subscriptions"))
      return callUnary(client, publisherMethods.ListTopicSubscriptions, { topic: name });
    if (action !== "publish") return undefined;
    const decoded = messages.map(({ data, ...message }) => ({ ...message, data: Buffer.from(String(data), "base64") }));
    return callUnary(client, publisherMethods.Publish, { topic: name, messages: decoded });
  }
  switch (action) {
    case "pull": {
      const request = { subscription: name, maxMessages, returnImmediately: true };
      const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, request);
      return receivedMessages.length > 0 ? { receivedMessages: receivedMessages.map(toReceived) } : {};
    }
    case "acknowledge":
      return callUnary(client, subscriberMethods.Acknowledge, { subscription: name, ackIds });
    case "modifyAckDeadline":
      return callUnary(client, subscriberMethods.ModifyAckDeadline, { subscription: name, ackIds, ackDeadlineSeconds });
    case "seek": {
      const ms = Date.parse(time);
      const at = { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
      return callUnary(client, subscriberMethods.Seek, { subscription: name, time: at });
    }
  }
  if (kind !== "subscriptions" || (method !== "PUT" && method !== "DELETE")) return undefined;
  const admin = connectPubSub(server, project);
  try {
    if (method === "DELETE") await admin.deleteSubscription(id);
    else {
      const topicId = topic.replace(/^.*\//, "");
      await admin.createTopic(topicId);
      await admin.createSubscription(id, topicId, { ordered, ...(filter && { filter }) });
    }
  } finally {
    admin.close();
  }
  return undefined;
}

function toReceived({ ackId, message: { data, publishTime, ...message } }: ReceivedMessage) {
  const sent = { ...message, data: data.toString("base64"), publishTime: new Date(toMs(publishTime)).toISOString() };
  return { ackId, message: sent };
}
