import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Domain } from "../../../shared/events/domain.ts";
import { Problem } from "../../../shared/http/problem.ts";
import { respond, toJsonAnswer } from "../../../shared/http/respond.ts";
import type { Broker } from "../../pubsub/broker.ts";
import type { Fault } from "../../pubsub/faults.ts";
import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import type { PublishAttempt } from "../../pubsub/publish-proxy.ts";
import { type LogEntry, toLogEntry } from "../../testing/google-cloud/log-filter.ts";
import { Assets } from "./assets.ts";
import { EventStream } from "./event-stream.ts";
import { FaultRecipes, isRecipe } from "./fault-recipes.ts";
import { parseObject } from "./parse-json.ts";
import type { SubscriptionBacklog } from "./protocol.ts";
import { readUser } from "./read-events.ts";
import { keepText, Recorder } from "./recorder.ts";

/** Everything comes from here: neither page loads anything from elsewhere, and no other site may frame one. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

const WATCH_MS = 1000;

/** Documents of all functions as JSON text, by path. */
export type Documents = Readonly<Record<string, string>>;

/** @returns what a request to the console is answered, as JSON */
type Handler = (request: IncomingMessage) => unknown;

interface Options {
  readonly broker: Pick<Broker, "kind" | "endpoint">;
  readonly project: string;
  /** Undefined where the Pub/Sub server does not tell. */
  readonly readBacklogs?: (() => readonly SubscriptionBacklog[]) | undefined;
  /** More may be added to it. */
  readonly domains: readonly Pick<Domain, "name" | "topic">[];
}

/** The console's page, the API reference, and what the page talks to. */
export class LocalConsole {
  readonly recorder = new Recorder(() => this.#stream.schedule());
  readonly #options: Options;
  readonly #faults = new FaultRecipes();
  readonly #stream: EventStream;
  readonly #assets = new Assets();
  readonly #handlers: ReadonlyMap<string, readonly [method: string, handler: Handler]>;
  #documents: Documents = {};
  #backlogs: readonly SubscriptionBacklog[] = [];
  #page = "";
  #buildError = "";

  constructor(options: Options) {
    this.#options = options;
    const { broker, project, domains } = options;
    this.#stream = new EventStream({ project, broker: broker.kind, pubsub: broker.endpoint }, this.recorder, () => ({
      counts: this.recorder.counts,
      faults: this.#faults.active,
      backlogs: this.#backlogs,
      page: this.#page,
      buildError: this.#buildError,
    }));
    setInterval(() => this.#watchBacklogs(), WATCH_MS).unref();
    const functions = () => domains.map(({ name }) => name);
    this.#handlers = new Map<string, [string, Handler]>([
      ["/console/info", ["GET", () => ({ pubsub: broker.endpoint, project, functions: functions() })]],
      ["/console/logs", ["GET", () => this.#readLogs()]],
      ["/console/records", ["DELETE", () => this.clear()]],
      ["/console/record", ["GET", (request) => this.#find(request)]],
      ["/console/search", ["GET", (request) => this.#search(request)]],
      ["/console/faults", ["PUT", (request) => this.#chooseFault(request)]],
    ]);
  }

  /** Tells open pages how far consumers are, where that has changed: an acknowledgement is no record. */
  #watchBacklogs(): void {
    if (!this.#stream.isWatched) return;
    const own = /\.local-[0-9a-f-]{36}$/;
    const backlogs = this.#options.readBacklogs?.().filter(({ subscription }) => !own.test(subscription)) ?? [];
    if (JSON.stringify(backlogs) === JSON.stringify(this.#backlogs)) return;
    this.#backlogs = backlogs;
    this.#stream.schedule();
  }

  /** The sources were built, and work. */
  async refresh(documents: Documents): Promise<void> {
    this.#documents = documents;
    this.#assets.refresh();
    this.#buildError = "";
    // A console that cannot be built says so itself, when it is asked for.
    this.#page = await this.#assets.readVersion().catch(() => "");
    this.#stream.schedule();
  }

  /** The sources were changed so that they do not work. */
  showBuildError(text: string): void {
    this.#buildError = text;
    this.#stream.schedule();
  }

  /** A message has reached the topic of this domain. */
  addMessage({ name, topic }: Pick<Domain, "name" | "topic">, { data, publishTime, ...message }: ArrivedMessage): void {
    const text = data.toString();
    const body = keepText(text);
    const facts = { kind: "message" as const, at: publishTime, function: name, topic, user: readUser(text) };
    this.recorder.add({ ...message, ...facts, body, bytes: data.length });
  }

  /** A line of a function's log. */
  addLog(name: string, line: string): void {
    const { severity, event_id } = parseObject(line);
    // What a process writes beside its log, such as a stack trace, is for the terminal.
    if (severity === undefined) return;
    const id = typeof event_id === "string" ? event_id : "";
    this.recorder.add({ kind: "log", at: Date.now(), function: name, severity: String(severity), text: line, id });
  }

  /** A publish call has begun, or ended. */
  addAttempt({ topic, messages, ...attempt }: PublishAttempt): void {
    const name = this.#options.domains.find((domain) => domain.topic === topic)?.name ?? "";
    const ids = messages.map(({ event_id = "" }) => event_id);
    this.recorder.add({ kind: "attempt", at: Date.now(), function: name, ids, ...attempt });
  }

  /** What shall happen to a publish call to this topic. */
  decideFault(topic: string): Fault | undefined {
    const domain = this.#options.domains.find((each) => each.topic === topic);
    return domain && this.#faults.decide(domain.name, topic);
  }

  /** Forgets all that was recorded. */
  clear(): object {
    this.recorder.clear();
    return { status: "ok" };
  }

  /**
   * Answers a request if it is for the console.
   *
   * @param path the request's, without its query
   * @returns false when the request is for somebody else
   * @throws {Problem} method_not_allowed, and those of what a page may ask for
   */
  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    const found = this.#handlers.get(path);
    if (found) {
      const [method, handler] = found;
      checkMethod(request, method);
      respond(response, toJsonAnswer(200, await handler(request)), false);
      return true;
    }
    if (path === "/console/stream") {
      checkMethod(request, "GET");
      this.#stream.open(response, request.headers["last-event-id"] as string | undefined);
      return true;
    }
    const document = this.#documents[path];
    if (document !== undefined && Object.hasOwn(this.#documents, path)) {
      checkMethod(request, "GET");
      respond(response, { status: 200, body: document }, false);
      return true;
    }
    const asset = await this.#assets.read(path);
    if (!asset) return false;
    checkMethod(request, "GET");
    response.writeHead(200, {
      "Content-Type": asset.type,
      "Content-Length": asset.content.byteLength,
      "Content-Security-Policy": CONTENT_SECURITY_POLICY,
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    });
    response.end(asset.content);
    return true;
  }

  /** The functions' log lines, as Cloud Logging keeps them, the oldest first. */
  #readLogs(): LogEntry[] {
    return this.recorder
      .since(0, Number.POSITIVE_INFINITY)
      .filter((record) => record.kind === "log")
      .map(({ at, text, function: name }) => ({
        timestamp: new Date(at).toISOString(),
        ...toLogEntry(parseObject(text), name),
      }));
  }

  #find(request: IncomingMessage): object {
    const record = this.recorder.find(Number(readQuery(request).get("seq")));
    if (!record) throw new Problem("not_found", "The recorder has no such record any more.");
    return record;
  }

  #search(request: IncomingMessage): readonly number[] {
    const query = readQuery(request);
    return this.recorder.search(query.get("text") ?? "", Number(query.get("from")) || 0);
  }

  async #chooseFault(request: IncomingMessage): Promise<object> {
    // Only with this media type: a page of another site cannot send it unasked.
    if (!request.headers["content-type"]?.startsWith("application/json")) {
      throw new Problem("unsupported_media_type", "Content-Type must be application/json.");
    }
    const { function: name, recipe } = parseObject(await text(request));
    const names = this.#options.domains.map((domain) => domain.name);
    if ((name !== "all" && !names.includes(name as string)) || !isRecipe(recipe)) {
      throw new Problem(
        "malformed_json",
        'The body must be {"function": …, "recipe": …}: one of ours or "all", and a recipe.',
      );
    }
    for (const each of name === "all" ? names : [name as string]) this.#faults.choose(each, recipe);
    this.#stream.schedule();
    return this.#faults.active;
  }
}

function checkMethod({ method }: IncomingMessage, allowed: string): void {
  if (method === allowed || (allowed === "GET" && method === "HEAD")) return;
  throw new Problem("method_not_allowed", `This path takes ${allowed}.`, { headers: { Allow: allowed } });
}

function readQuery({ url = "" }: IncomingMessage): URLSearchParams {
  return new URL(url, "http://localhost").searchParams;
}
