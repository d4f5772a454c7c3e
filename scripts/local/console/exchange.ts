import type { IncomingMessage, ServerResponse } from "node:http";
import { isNdjsonMediaType } from "../../../shared/http/media-type.ts";
import { MAX_READ_BYTES, readBody } from "../forward.ts";
import type { AnswerRecord, EventRef, RequestRecord } from "./protocol.ts";
import { readAnswer } from "./read-answer.ts";
import { readEvents } from "./read-events.ts";
import { keepText, LONGEST_KEPT, type Recorder } from "./recorder.ts";

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
  const end = parameter.indexOf("=");
  const [[name = ""] = []] = new URLSearchParams(parameter);
  const isSecret = end !== -1 && (SECRET.test(name) || SECRET_PARAMETER.test(name));
  return isSecret ? parameter.slice(0, end + 1) + encodeURIComponent(NOT_RECORDED) : parameter;
}

/** What the terminal shows of a request that was answered. */
export interface Summary {
  readonly method: string;
  readonly path: string;
  readonly answer: Omit<AnswerRecord, "seq">;
  readonly events: readonly EventRef[];
  /** As sent, inflated; of a long one the beginning. */
  readonly body: string;
}

let count = 0;

/** One request and its answer, as they pass the front: both go to the recorder. */
export class Exchange {
  #function = "";
  #takes: "events" | "samples" | "nothing" = "nothing";
  readonly #request: IncomingMessage;
  readonly #path: string;
  readonly #recorder: Recorder;
  readonly #startedAt = performance.now();
  readonly #id = ++count;
  readonly #sent = new Tap(MAX_READ_BYTES);
  readonly #answered = new Tap(MAX_READ_BYTES);
  #record: Omit<RequestRecord, "seq"> | undefined;

  /** @param path as in the request line, without an authority */
  constructor(recorder: Recorder, request: IncomingMessage, response: ServerResponse, path: string) {
    this.#recorder = recorder;
    this.#request = request;
    this.#path = hideInQuery(path);
    tapAnswer(response, this.#answered);
  }

  /**
   * It goes to this function.
   *
   * @param path the function's own
   */
  passTo(name: string, path: string): void {
    this.#function = name;
    if (this.#request.method !== "POST") return;
    if (/^\/(?:events\/(?:ingest|batch))?(?:\?|$)/.test(path)) this.#takes = "events";
    else if (/^\/events\/validate(?:\?|$)/.test(path)) this.#takes = "samples";
  }

  /** A piece of the body has passed. */
  take(chunk: Buffer): void {
    this.#sent.take(chunk);
  }

  /** The body has passed as a whole, or no more of it is read. */
  endBody(): void {
    if (this.#record) return;
    const { method = "", headers, rawHeaders } = this.#request;
    const { text, gap } = readBody(this.#sent.bytes, headers["content-encoding"]);
    const isLines = isNdjsonMediaType((headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "");
    const isWhole = this.#sent.length <= MAX_READ_BYTES && text.length <= LONGEST_KEPT;
    this.#record = {
      kind: "request",
      at: Date.now(),
      request: this.#id,
      method,
      path: this.#path,
      function: this.#function,
      headers: toHeaderPairs(rawHeaders),
      body: keepText(text),
      gap: gap || (isWhole ? "" : `Only its first ${LONGEST_KEPT.toLocaleString("en")} characters are kept.`),
      bytes: this.#sent.length,
      isLines,
      events: this.#takes === "nothing" ? [] : readEvents(text, isLines),
      isDry: this.#takes === "samples",
    };
    this.#recorder.add(this.#record);
  }

  /** The answer has left, or its caller has gone. */
  end(response: ServerResponse): Summary {
    this.endBody();
    const { events, body, isDry } = this.#record as Omit<RequestRecord, "seq">;
    // 0 where the caller had gone before it was whole.
    const status = response.writableFinished ? response.statusCode : 0;
    const answered = this.#answered.bytes.toString();
    const { code, outcomes } = readAnswer(answered, status, events.length);
    const answer = {
      kind: "answer" as const,
      at: Date.now(),
      request: this.#id,
      function: this.#function,
      status,
      code,
      ms: performance.now() - this.#startedAt,
      retryAfter: String(response.getHeader("retry-after") ?? ""),
      body: keepText(answered),
      outcomes,
      isDry,
    };
    this.#recorder.add(answer);
    return { method: this.#request.method ?? "", path: this.#path, answer, events, body };
  }
}

/** Keeps the beginning of what passes, and counts the whole. */
class Tap {
  length = 0;
  readonly #most: number;
  #kept = 0;
  readonly #chunks: Buffer[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  take(chunk: Buffer): void {
    this.length += chunk.length;
    if (this.#kept >= this.#most) return;
    this.#chunks.push(chunk.subarray(0, this.#most - this.#kept));
    this.#kept += chunk.length;
  }
}

function tapAnswer(response: ServerResponse, tap: Tap): void {
  const take = (chunk: unknown) => {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) tap.take(Buffer.from(chunk as string));
  };
  const { write, end } = response;
  response.write = ((...args: Parameters<typeof write>) => {
    take(args[0]);
    return write.apply(response, args);
  }) as typeof write;
  response.end = ((...args: Parameters<typeof end>) => {
    take(args[0]);
    return end.apply(response, args);
  }) as typeof end;
}
