import type { Config } from "../../config.ts";
import { type Authorization, loadPackages } from "./client.ts";

/** What a caller shows to Pub/Sub, and for how long that is good. */
export interface Token {
  readonly authorization: Authorization;
  readonly lifeMs: number;
}

/** For whom a key file signs its tokens, as the generated client does. */
const SERVICE = "pubsub.googleapis.com";

const TOKEN = /^Bearer (?!undefined$|null$)\S+$/;

/** Where the account does not say how long: self-signed ones are good for an hour. */
const ASSUMED_LIFE_MS = 10 * 60 * 1000;

/** Of requests to the metadata server, those that may be open at once: on the platform the library waits without a limit. */
const MOST_OPEN = 2;

/** Those that are open, the oldest first. */
const open: AbortController[] = [];

/**
 * Fetches a token of the function's account.
 *
 * Each time by a new `GoogleAuth`: one that is kept answers with the token that it has, even one that was refused, and where
 * the metadata server does not answer its callers wait for the same request for ever. Of those that hang the oldest is
 * aborted.
 *
 * @throws what the auth library throws
 */
export async function fetchToken(config: Config): Promise<Token> {
  if (config.PUBSUB_EMULATOR_HOST) return { authorization: {}, lifeMs: Number.POSITIVE_INFINITY };
  const [{ v1 }, { GoogleAuth, googleAuthLibrary }] = await loadPackages();
  // The metadata server is asked by this instance, each of whose requests goes through its adapter.
  googleAuthLibrary.gaxios.instance.defaults.adapter ??= sendAbortable;
  const auth = new GoogleAuth({ scopes: v1.PublisherClient.scopes, projectId: config.GCP_PROJECT_ID });
  auth.useJWTAccessWithScope = true;
  auth.defaultServicePath = SERVICE;
  const account = await auth.getClient();
  const headers = await account.getRequestHeaders(`https://${SERVICE}/google.pubsub.v1.Publisher`);
  // Of an answer that has no token the library makes one all the same.
  if (!TOKEN.test(headers.get("authorization") ?? "")) throw new Error("the account's answer holds no token");
  const lifeMs = (account.credentials.expiry_date ?? 0) - Date.now();
  return { authorization: Object.fromEntries(headers), lifeMs: lifeMs > 0 ? lifeMs : ASSUMED_LIFE_MS };
}

async function sendAbortable<T, R>(options: T, send: (options: T & { signal: AbortSignal }) => Promise<R>): Promise<R> {
  const request = new AbortController();
  if (open.push(request) > MOST_OPEN) open.shift()?.abort();
  try {
    return await send({ ...options, signal: request.signal });
  } finally {
    if (open.includes(request)) open.splice(open.indexOf(request), 1);
  }
}
