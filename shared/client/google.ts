import type { TokenSource } from "./api.ts";

/** Before its end a token is renewed, in case clocks differ; of a token that lasts minutes, a tenth of its life. */
const RENEWAL_MS = 60_000;

const METADATA_TIMEOUT_MS = 3000;

interface Cached {
  readonly token: string;
  readonly renewAt: number;
  readonly expiresAt: number;
}

/**
 * Makes a source of Google ID tokens: of the metadata server where there is one, so on everything that runs on Google Cloud,
 * else of `gcloud`, so on a laptop. Each function has a token of its own, kept until its own expiry.
 */
export function googleIdToken(): TokenSource {
  const cache = new Map<string, Cached>();
  const asking = new Map<string, Promise<Cached>>();

  function renew(url: string): Promise<Cached> {
    const renewal =
      asking.get(url) ??
      findIdToken(url)
        .then(toCached)
        .finally(() => asking.delete(url));
    asking.set(url, renewal);
    return renewal;
  }

  return async (url, refused) => {
    const cached = cache.get(url);
    const isGood = (end: number) => cached?.token !== refused && Date.now() < end;
    if (cached && isGood(cached.renewAt)) return cached.token;
    try {
      const renewed = await renew(url);
      cache.set(url, renewed);
      return renewed.token;
    } catch (error) {
      if (cached && isGood(cached.expiresAt)) return cached.token;
      throw error;
    }
  };
}

function toCached(token: string): Cached {
  const expiresAt = readExpiry(token);
  return { token, expiresAt, renewAt: expiresAt - Math.min(RENEWAL_MS, (expiresAt - Date.now()) / 10) };
}

/** @returns milliseconds since the epoch; 0 for what cannot be read, which is used once */
function readExpiry(token: string): number {
  try {
    const [, claims = ""] = token.split(".");
    const { exp } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
    return typeof exp === "number" ? exp * 1000 : 0;
  } catch {
    return 0;
  }
}

/** Whether this machine is one of Google's: then it never sends as the person who is logged in to gcloud. */
let isGoogles = false;

/**
 * Asks for an ID token.
 *
 * @param audience the URL that the token is for
 * @throws Error when nobody gives one
 */
async function findIdToken(audience: string): Promise<string> {
  // Cloud Run sets it.
  isGoogles ||= Boolean(globalThis.process?.env.K_SERVICE);
  try {
    return await askMetadataServer(audience);
  } catch (error) {
    if (isGoogles) throw error;
    return askGcloud();
  }
}

async function askMetadataServer(audience: string): Promise<string> {
  // As in all of Google's clients.
  const host = globalThis.process?.env.GCE_METADATA_HOST || "metadata.google.internal";
  // Without the format the token does not say whose it is.
  const path = `/computeMetadata/v1/instance/service-accounts/default/identity?format=full&audience=${encodeURIComponent(audience)}`;
  const signal = AbortSignal.timeout(METADATA_TIMEOUT_MS);
  const options = { headers: { "metadata-flavor": "Google" }, redirect: "error", signal } as const;
  const response = await fetch(`http://${host}${path}`, options).catch((cause) => {
    throw new Error("The metadata server does not answer.", { cause });
  });
  // Some networks answer for every name.
  if (response.headers.get("metadata-flavor") !== "Google") throw new Error("It is not Google's.");
  isGoogles = true;
  const text = (await response.text()).trim();
  if (!response.ok) throw new Error(`The metadata server gives no ID token: ${response.status} ${text.slice(0, 200)}`);
  return text;
}

/** The token of whoever is logged in; its audience cannot be chosen. */
async function askGcloud(): Promise<string> {
  // Not imported: a bundle for the web has no such module.
  const childProcess = globalThis.process?.getBuiltinModule?.("node:child_process");
  if (!childProcess) throw new Error("No ID token: there is neither a metadata server nor gcloud.");
  return new Promise((resolve, reject) => {
    const options = { shell: process.platform === "win32" };
    childProcess.execFile("gcloud", ["auth", "print-identity-token"], options, (cause, stdout) => {
      if (cause) reject(new Error("No ID token: there is neither a metadata server nor a login of gcloud.", { cause }));
      else resolve(stdout.trim());
    });
  });
}
