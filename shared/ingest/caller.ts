import type { IncomingMessage } from "node:http";
import type { CallerIdentity } from "../config.ts";
import { MAX_CALLER_BYTES } from "../events/limits.ts";

/** Reads who sent a request; undefined where nobody can tell. */
export type ReadCaller = (request: Pick<IncomingMessage, "headers" | "rawHeaders">) => string | undefined;

/** Callers without a service account are people, whose names do not belong in logs. */
const PERSON = "person";

const SERVICE_ACCOUNT = ".gserviceaccount.com";

/** Google's ID tokens have 0.7 to 1.5 KB. */
const LONGEST_TOKEN = 8192;

/** Tokens that are remembered; each caller's instance has one of its own, for an hour. */
const MOST_TOKENS = 1000;

const TOKEN = /^Bearer +[\w-]+\.([\w-]+)\.[\w-]*$/i;
const LOCAL_NAME = /^[a-z0-9-]{1,64}$/;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Makes the reader of callers that a configuration asks for. */
export function createCallerReader(identity: CallerIdentity): ReadCaller {
  if (identity === "iam") return createTokenReader();
  if (identity === "none") return () => undefined;
  return ({ headers }) => {
    const name = headers["pulsecart-caller"];
    return typeof name === "string" && LOCAL_NAME.test(name) ? name : undefined;
  };
}

/**
 * Reads the account in the ID token that the platform has verified, which it passes on without its signature.
 *
 * @see https://cloud.google.com/run/docs/authenticating/service-to-service
 */
function createTokenReader(): ReadCaller {
  const known = new Map<number, { readonly token: string; readonly caller: string | undefined }>();
  return (request) => {
    const token = findToken(request);
    if (token === undefined || token.length > LONGEST_TOKEN) return undefined;
    const key = toKey(token);
    const found = known.get(key);
    if (found?.token === token) return found.caller;
    const caller = readCaller(token);
    if (known.size >= MOST_TOKENS) known.delete(known.keys().next().value as number);
    known.set(key, { token, caller });
    return caller;
  };
}

/** Where both headers are there, the platform checks this one alone; the other may be anybody's. */
function findToken({ headers, rawHeaders }: Parameters<ReadCaller>[0]): string | undefined {
  const own = headers["x-serverless-authorization"];
  if (own !== undefined) return String(own);
  // Node keeps the first of several, whichever the platform has checked.
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (isAuthorization(rawHeaders[at] as string)) count++;
  return count === 1 ? headers.authorization : undefined;
}

function isAuthorization(name: string): boolean {
  return name.length === 13 && name.toLowerCase() === "authorization";
}

/** A few characters tell tokens apart: hashing all of one, as a Map of texts does, costs 1 % of an event. */
function toKey(token: string): number {
  let key = token.length;
  for (let at = 7; at < token.length; at += 8) key = (key * 31 + token.charCodeAt(at)) | 0;
  return key;
}

function readCaller(token: string): string | undefined {
  try {
    const claims = JSON.parse(utf8.decode(Buffer.from(TOKEN.exec(token)?.[1] ?? "", "base64url"))) as unknown;
    if (typeof claims !== "object" || claims === null || Array.isArray(claims)) return undefined;
    const { email } = claims as { readonly email?: unknown };
    if (typeof email !== "string") return PERSON;
    const isStrange = Buffer.byteLength(email) > MAX_CALLER_BYTES || /\p{Cc}/u.test(email) || !email.isWellFormed();
    if (isStrange) return undefined;
    return email.endsWith(SERVICE_ACCOUNT) ? email : PERSON;
  } catch {
    return undefined;
  }
}
