import type { IncomingMessage, ServerResponse } from "node:http";
import type { Domain } from "../../../shared/events/domain.ts";
import { readBody } from "../../../shared/http/body.ts";
import { Problem } from "../../../shared/http/problem.ts";
import { respond, toJsonAnswer } from "../../../shared/http/respond.ts";
import { Room } from "../../../shared/http/room.ts";
import type { Broker } from "../../pubsub/broker.ts";
import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import { Assets } from "./assets.ts";
import { EventStream } from "./event-stream.ts";
import { isFaultName, switchFault } from "./fault-switch.ts";
import type { ConsoleAnswer, FaultName } from "./protocol.ts";

/** Everything comes from here: neither page loads anything from elsewhere, and no other site may frame one. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** The console's page, the API reference, and what the page talks to. */
export class LocalConsole {
  readonly #broker: Broker;
  readonly #project: string;
  readonly #functions: readonly string[];
  readonly #stream: EventStream;
  readonly #assets = new Assets();
  /** As JSON text, by path. */
  readonly #documents = new Map<string, string>();

  constructor(broker: Broker, project: string, functions: readonly string[]) {
    this.#broker = broker;
    this.#project = project;
    this.#functions = functions;
    this.#stream = new EventStream({ project, broker: broker.kind }, functions);
  }

  /**
   * The sources were built.
   *
   * @param document the OpenAPI document of all functions, as JSON text
   * @param asyncApi the AsyncAPI document of all topics, as JSON text
   */
  refresh(document: string, asyncApi: string): void {
    this.#documents.set("/openapi.json", document).set("/asyncapi.json", asyncApi);
    this.#assets.refresh();
  }

  /** A message has reached the topic of this domain. */
  addMessage({ name, topic }: Pick<Domain, "name" | "topic">, { data, ...message }: ArrivedMessage): void {
    const body = data.toString();
    this.#stream.addMessage({ ...message, function: name, topic, userId: readUserId(body), body, bytes: data.length });
  }

  /** A function has answered. */
  addAnswer(answer: ConsoleAnswer): void {
    this.#stream.addAnswer(answer);
  }

  /**
   * Answers a request if it is for the console.
   *
   * @param path the request's, without its query
   * @returns false when the request is for somebody else
   * @throws {Problem} method_not_allowed, and those of a bad fault
   */
  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    if (path === "/console/fault") {
      checkMethod(request, "PUT");
      await this.#setFault(await readFault(request));
      respond(response, toJsonAnswer(200, { status: "ok" }), false);
      return true;
    }
    if (path === "/console/info") {
      checkMethod(request, "GET");
      const info = { pubsub: this.#broker.endpoint, project: this.#project, functions: this.#functions };
      respond(response, toJsonAnswer(200, info), false);
      return true;
    }
    if (path === "/console/stream") {
      checkMethod(request, "GET");
      this.#stream.open(response, request.headers["last-event-id"] as string | undefined);
      return true;
    }
    const document = this.#documents.get(path);
    if (document !== undefined) {
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

  async #setFault(fault: FaultName): Promise<void> {
    if (!switchFault(this.#broker, fault)) {
      throw new Problem(
        "not_found",
        "Only the embedded Pub/Sub server can be told to fail: npm start -- --broker=embedded",
      );
    }
    this.#stream.setFault(fault);
  }
}

function checkMethod({ method }: IncomingMessage, allowed: "GET" | "PUT"): void {
  if (method === allowed || (allowed === "GET" && method === "HEAD")) return;
  throw new Problem("method_not_allowed", `This path takes ${allowed}.`, { headers: { Allow: allowed } });
}

const room = new Room();

async function readFault(request: IncomingMessage): Promise<FaultName> {
  // Only with this media type: a page of another site cannot send it unasked.
  const lease = room.open();
  if (!lease) throw new Problem("overloaded");
  const rules = { limit: 1000, accepts: (type: string) => type === "application/json" };
  const { bytes } = await readBody(request, lease, rules).finally(() => lease.release());
  const { fault } = parseObject(bytes.toString());
  if (isFaultName(fault)) return fault;
  throw new Problem("malformed_json", 'The body must be {"fault": …} with the name of a fault.');
}

function readUserId(body: string): string {
  const { user_id } = parseObject(body);
  return typeof user_id === "string" ? user_id : "";
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
