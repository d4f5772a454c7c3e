import type { IncomingMessage } from "node:http";
import type { Config } from "../config.ts";
import { MAX_CALLER_BYTES } from "../events/limits.ts";

type Request = Pick<IncomingMessage, "headers" | "rawHeaders">;

/** Reads who sent a request; undefined where nobody can tell. */
export type ReadCaller = (request: Request) => string | undefined;

/** Google's ID tokens have 0.7 to 1.5 KB; each instance of a caller has one of its own, for an hour. */
const LONGEST_TOKEN = 8192;
const MOST_TOKENS = 1000;

const TOKEN = /^Bearer +[\w-]+\.([\w-]+)\.[\w-]*$/i;
const LOCAL_NAME = /^[a-z0-9-]{1,64}$/;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Makes the reader of callers that a configuration asks for. */
export function createCallerReader(identity: Config["CALLER_IDENTITY"]): ReadCaller {
  if (identity === "iam") return createTokenReader();
  if (identity === "none") return () => undefined;
  return ({ headers }) => LOCAL_NAME.exec(String(headers["pulsecart-caller"] ?? ""))?.[0];
}

/**
 * Reads the account in the ID token that the platform has verified, which it passes on without its signature. A token is
 * decoded once while it is in use.
 *
 * @see https://cloud.google.com/run/docs/authenticating/service-to-service
 */
function createTokenReader(): ReadCaller {
  const known = new Map<string, string | undefined>();
  return (request) => {
    const token = findToken(request);
    if (token === undefined || token.length > LONGEST_TOKEN) return undefined;
    if (known.has(token)) return known.get(token);
    const caller = readCaller(token);
    if (known.size >= MOST_TOKENS) known.delete(known.keys().next().value as string);
    known.set(token, caller);
    return caller;
  };
}

/** Where both headers are there, the platform checks the first of these alone; the other may be anybody's. */
function findToken({ headers, rawHeaders }: Request): string | undefined {
  const own = headers["x-serverless-authorization"];
  if (own !== undefined) return String(own);
  // Node keeps the first of several, whichever the platform has checked.
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 13 && name.toLowerCase() === "authorization") count++;
  }
  return count === 1 ? headers.authorization : undefined;
}

/** @returns `person` for callers without a service account: people's names do not belong in logs */
function readCaller(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(utf8.decode(Buffer.from(TOKEN.exec(token)?.[1] ?? "", "base64url")));
    if (typeof claims !== "object" || claims === null || Array.isArray(claims)) return undefined;
    const { email } = claims as { readonly email?: unknown };
    if (typeof email !== "string") return "person";
    if (Buffer.byteLength(email) > MAX_CALLER_BYTES || /\p{Cc}/u.test(email) || !email.isWellFormed()) return undefined;
    return email.endsWith(".gserviceaccount.com") ? email : "person";
  } catch {
    return undefined;
  }
}
