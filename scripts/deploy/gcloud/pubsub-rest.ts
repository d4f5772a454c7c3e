import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import { GcloudError, runGcloud } from "./gcloud.ts";

/**
 * One call of Pub/Sub's REST API.
 *
 * @param path after the project: `topics/T:publish`
 * @returns the parsed answer
 * @throws GcloudError where it is refused, as if gcloud had been
 */
export type RestCall = (
  verb: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: object,
) => Promise<Readonly<Record<string, unknown>>>;

/** A pull may wait for a message for more than a minute. */
const TIMEOUT_MS = 120_000;
const actions = { GET: "list", PUT: "create", DELETE: "delete", POST: "" } as const;

/**
 * Calls Pub/Sub as the account that gcloud is logged in with, where gcloud itself goes. Not by gcloud's own commands, each of
 * which takes a second or two to start.
 *
 * @param signal ends calls that are open
 * @throws GcloudError where gcloud gives no access token
 */
export async function connectRest(project: string, signal?: AbortSignal): Promise<RestCall> {
  const readToken = () => runGcloud(["auth", "print-access-token", "--quiet"]);
  let token = await readToken();
  // Such as a private endpoint.
  const override = await runGcloud(["config", "get-value", "api_endpoint_overrides/pubsub", "--quiet"]);
  const base = `${override || "https://pubsub.googleapis.com/"}v1/projects/${project}/`;
  return async (verb, path, body) => {
    const send = () =>
      fetch(base + path, {
        method: verb,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]),
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

/** A message of the REST API. */
export interface SentMessage {
  readonly data?: string;
  readonly attributes?: Record<string, string>;
  readonly orderingKey?: string;
  readonly messageId: string;
  readonly publishTime: string;
}

/** A message of the REST API, as those who read it have it. */
export function toArrived({ data = "", attributes = {}, orderingKey = "", ...given }: SentMessage): ArrivedMessage {
  const { messageId, publishTime } = given;
  return {
    data: Buffer.from(data, "base64"),
    attributes,
    orderingKey,
    messageId,
    publishTime: Date.parse(publishTime),
  };
}
