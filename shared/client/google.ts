import type { TokenSource } from "./api.ts";
import { findIdToken } from "./id-token-sources.ts";

/** Before its end a token is renewed, in case clocks differ; of a token that lasts minutes, a tenth of its life. */
const RENEWAL_MS = 60_000;

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
        .then((token) => {
          const cached = toCached(token);
          cache.set(url, cached);
          return cached;
        })
        .finally(() => asking.delete(url));
    asking.set(url, renewal);
    return renewal;
  }

  return async (url, refused) => {
    const cached = cache.get(url);
    const isGood = (end: number) => cached?.token !== refused && Date.now() < end;
    if (cached && isGood(cached.renewAt)) return cached.token;
    try {
      return (await renew(url)).token;
    } catch (error) {
      if (cached && isGood(cached.expiresAt)) return cached.token;
      throw error;
    }
  };
}

function toCached(token: string): Cached {
  const expiresAt = readExpiry(token);
  const left = expiresAt - Date.now();
  return { token, expiresAt, renewAt: expiresAt - Math.min(RENEWAL_MS, left / 10) };
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
