/** A request's target and host as the front understands them. */
export interface Target {
  /** Path and query. */
  readonly url: string;
  /** Whether the caller means this machine: a page of another site whose name was pointed here (DNS rebinding) does not. */
  readonly isLocal: boolean;
}

const LOCAL_NAME = /^(?:(?:[a-z0-9-]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Reads the target of a request line, which may be in absolute form (RFC 9112, 3.2.2): its authority then counts as well as
 * the `Host` header's. Without that header it is no browser that asks: all of them send it.
 */
export function readTarget(target = "/", host = "localhost"): Target {
  const [, authority, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? [];
  const isLocal = LOCAL_NAME.test(host) && (authority === undefined || LOCAL_NAME.test(authority));
  if (authority === undefined) return { url: target, isLocal };
  return { url: rest.startsWith("/") ? rest : `/${rest}`, isLocal };
}
