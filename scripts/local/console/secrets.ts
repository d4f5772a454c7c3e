const NOT_RECORDED = "(not recorded)";

/** Names of headers, and of a query's parameters, whose values are or may be credentials. */
const SECRET =
  /auth(?!ors?\b)|cookie|token|secret|passw|credential|api[-_]?key|private[-_]?key|signature|session[-_]?id|jwt/i;
/** Short names, which as a part of another mean something else. */
const SECRET_PARAMETER = /^(?:key|sig|pwd|code|hmac)$/i;

/**
 * @param rawHeaders names and values in turn
 * @returns pairs of them, without credentials
 */
export function toHeaderPairs(rawHeaders: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    pairs.push([name, SECRET.test(name) ? NOT_RECORDED : /^referer$/i.test(name) ? hideInQuery(value) : value]);
  }
  return pairs;
}

/** @returns path and query without credentials, everything else as it was written */
export function hideInQuery(path: string): string {
  const [start = "", ...query] = path.split("?");
  if (query.length === 0) return path;
  const parameters = query.join("?").split("&").map(hideValue);
  return `${start}?${parameters.join("&")}`;
}

function hideValue(parameter: string): string {
  const [name = "", ...value] = parameter.split("=");
  const isSecret = value.length > 0 && (SECRET.test(decode(name)) || SECRET_PARAMETER.test(decode(name)));
  return isSecret ? `${name}=${encodeURIComponent(NOT_RECORDED)}` : parameter;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
