import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { listenOnLoopback } from "../../../common/free-port.ts";
import { type Planned, readId, type Tally } from "./tally.ts";

/** An answer as it came over the wire. */
interface WireAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Judges what an answer says about trying again.
 *
 * @param ids of the events of the request, in order
 * @returns what is wrong with it, in words
 */
export function judge(ids: readonly unknown[], isBatch: boolean, { status, headers, body }: WireAnswer): string[] {
  const members = parse(body);
  if (members === undefined) return [`${status} with a body that is no JSON: ${body.slice(0, 200)}`];
  const faults: string[] = [];
  if (status >= 500 && members.retryable !== false && !headers["retry-after"] && !Array.isArray(members.results)) {
    faults.push(`${status} without Retry-After: ${body.slice(0, 200)}`);
  }
  const results = isBatch && Array.isArray(members.results) ? members.results : undefined;
  if (results && results.length !== ids.length) return [`${results.length} results for ${ids.length} events`];
  ids.forEach((id, i) => {
    const event = readId(id);
    const own: Members = Object(results?.[i] ?? { ...members, status });
    const fault = event && judgeOne(event, own);
    if (fault) faults.push(`${fault} ${String(id)}: ${JSON.stringify(own).slice(0, 300)}`);
  });
  return faults;
}

function judgeOne({ kind }: Planned, { status, retryable, code }: Members): string | undefined {
  if (retryable === true) {
    if (kind === "invalid" && Number(status) < 500) return "says that trying again helps an event that is invalid:";
    return Number(status) >= 500 || status === 408 ? undefined : "is retryable by a status that is not:";
  }
  if (kind === "good") return status === 202 ? undefined : "gives a good event up:";
  if (status === 202) return `accepts what is ${kind}:`;
  const expected = kind === "poison" ? "publish_rejected" : "invalid_event";
  return code === expected ? undefined : `is final by another code than ${expected}:`;
}

function parse(body: string): Members | undefined {
  try {
    return Object(JSON.parse(body));
  } catch {
    return undefined;
  }
}

/** What stands before a function that comes and goes: one address for callers, which looks at tokens and answers. */
export interface Front {
  readonly url: string;
  /** A token that is good for as long as tokens last; undefined where none are asked for. */
  issueToken(): string | undefined;
  close(): Promise<void>;
}

/**
 * Starts a front.
 *
 * @param findPort where a function listens now; `commerce` is also what has no name in its path
 * @param tokenLifeMs after which a token is refused with 401; undefined: anybody may call
 */
export async function startFront(
  findPort: (name: string) => number,
  tally: Tally,
  tokenLifeMs?: number,
): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, response) => {
    // Without an answer of the function's the caller gets none either.
    pass(incoming, response).catch(() => response.socket?.resetAndDestroy());
  });

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    if (tokenLifeMs !== undefined && !isGood(incoming.headers.authorization, tokenLifeMs)) {
      response.writeHead(401).end("<html>The token has expired.</html>");
      return;
    }
    const [, name = "commerce", path = ""] = /^(?:\/(commerce|user-actions))?(\/.*)$/.exec(incoming.url ?? "") ?? [];
    const isBatch = path === "/events/batch";
    const ids = readIds(body.toString(), isBatch);
    tally.sent += ids.length;
    response.once("close", tally.open(ids, name));
    const answer = await forward(incoming, findPort(name), path, body);
    tally.wrong.push(...judge(ids, isBatch, answer));
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  function forward(
    { method, headers }: IncomingMessage,
    port: number,
    path: string,
    body: Buffer,
  ): Promise<WireAnswer> {
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, path, method, headers, agent };
      const outgoing = request(options, async (answer) => {
        try {
          const text = Buffer.concat(await answer.toArray()).toString();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
        } catch (error) {
          reject(error);
        }
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    issueToken: () => (tokenLifeMs === undefined ? undefined : String(Date.now())),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function isGood(authorization: string | undefined, lifeMs: number): boolean {
  return Date.now() - Number(authorization?.replace("Bearer ", "")) < lifeMs;
}

/** The ids as they stand in the text: its numbers are such that parsing would not bring them back. */
function readIds(text: string, isBatch: boolean): readonly unknown[] {
  const ids = [...text.matchAll(/"event_id":"([^"]+)"/g)].map(([, id]) => id);
  return isBatch ? ids : ids.slice(0, 1).filter(readId);
}
