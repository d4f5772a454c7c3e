import type { RequestRecord } from "../protocol.ts";

type Headers = readonly (readonly [string, string])[];

/** These follow from the rest, or from whoever sends. */
const dropped = new Set([
  ...["host", "connection", "content-length", "transfer-encoding", "user-agent", "accept", "accept-encoding"],
  ...["accept-language", "origin", "referer", "content-encoding", "keep-alive", "cookie", "authorization"],
]);

/** A request in the words of a language, by the language's name. */
export const languages = {
  curl: toCurl,
  TypeScript: toTypeScript,
  Python: toPython,
} as const satisfies Readonly<Record<string, (request: RequestRecord, origin: string) => string>>;

/** @returns the headers that make a difference when it is sent again */
export function toOwnHeaders({ headers }: RequestRecord): Headers {
  return headers.filter(([name]) => !dropped.has(name.toLowerCase()) && !/^sec-/i.test(name));
}

function toCurl(request: RequestRecord, origin: string): string {
  const headers = toOwnHeaders(request).map(([name, value]) => ` \\\n  -H ${quote(`${name}: ${value}`)}`);
  const body = request.body === "" ? "" : ` \\\n  --data-raw ${quote(request.body)}`;
  return `curl -X ${request.method} ${quote(origin + request.path)}${headers.join("")}${body}`;
}

function toTypeScript(request: RequestRecord, origin: string): string {
  const options = [
    `  method: ${JSON.stringify(request.method)},`,
    `  headers: ${JSON.stringify(Object.fromEntries(toOwnHeaders(request)))},`,
    ...(request.body === "" ? [] : [`  body: ${JSON.stringify(request.body)},`]),
  ];
  return `const answer = await fetch(${JSON.stringify(origin + request.path)}, {\n${options.join("\n")}\n});\nconsole.log(answer.status, await answer.json());\n`;
}

function toPython(request: RequestRecord, origin: string): string {
  const data = request.body === "" ? "" : `\n    data=${JSON.stringify(request.body)}.encode(),`;
  return `import urllib.request

request = urllib.request.Request(
    ${JSON.stringify(origin + request.path)},
    method=${JSON.stringify(request.method)},
    headers=${JSON.stringify(Object.fromEntries(toOwnHeaders(request)))},${data}
)
with urllib.request.urlopen(request) as answer:
    print(answer.status, answer.read().decode())
`;
}

/** In single quotes, which a POSIX shell takes as they are. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
