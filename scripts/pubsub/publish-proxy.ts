import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { status } from "@grpc/grpc-js";
import type { Fault } from "./faults.ts";
import { type PublishRequest, publisherMethods } from "./protocol.ts";

/** A publish call that passes; told when it begins and again when it has ended. */
export interface PublishAttempt {
  /** Counts the calls of this proxy. */
  readonly attempt: number;
  /** Without its project. */
  readonly topic: string;
  /** Attributes of its messages, in order. */
  readonly messages: readonly Readonly<Record<string, string>>[];
  /** Name of the gRPC status; empty while it is under way. */
  readonly status: string;
  readonly detail: string;
  /** Since it began. */
  readonly ms: number;
}

/** Where functions publish to, instead of the Pub/Sub server itself. */
export interface PublishProxy {
  /** `host:port` */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Is told how a call ended: the name of its gRPC status, and a detail. */
type Tell = (status: string, detail: string) => void;

const FRAME_HEADER_BYTES = 5;
/** A message of 10 MB does not have to wait for the window of 64 KiB that HTTP/2 begins with. */
const settings = { initialWindowSize: 4 * 1024 * 1024 };
/** These belong to one connection or one stream. */
const isPassedOn = ([name]: readonly [string, unknown]) => !["connection", "host", "transfer-encoding"].includes(name);

/**
 * Stands between functions and any Pub/Sub server, of which no other can be told to fail: sees each publish call and can
 * do to it what networks and services do. Everything else passes unseen.
 *
 * @param target `host:port` of the server
 * @param decide what shall happen to a call to this topic (without its project) with this request
 */
export async function startPublishProxy(
  target: string,
  decide: (topic: string, request: PublishRequest) => Fault | undefined,
  onAttempt: (attempt: PublishAttempt) => void,
): Promise<PublishProxy> {
  const authority = `http://${target.replace(/^https?:\/\//, "")}`;
  const sessions = new Set<ServerHttp2Session>();
  let upstream: ClientHttp2Session | undefined;
  let count = 0;

  const server = createServer({ settings });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    if (headers[":path"] === publisherMethods.Publish.path)
      handle(stream, headers).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    else passOn(stream, openUpstream(headers, stream));
  });

  async function handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const body = Buffer.concat(await stream.toArray());
    const call = publisherMethods.Publish.requestDeserialize(body.subarray(FRAME_HEADER_BYTES));
    const topic = call.topic.slice(call.topic.lastIndexOf("/") + 1);
    const startedAt = performance.now();
    const attempt = { attempt: ++count, topic, messages: call.messages.map(({ attributes = {} }) => attributes) };
    onAttempt({ ...attempt, status: "", detail: "", ms: 0 });
    let isTold = false;
    const tell: Tell = (code, detail) => {
      if (isTold) return;
      isTold = true;
      onAttempt({ ...attempt, status: code, detail, ms: performance.now() - startedAt });
    };
    stream.once("close", () => tell("CANCELLED", "The function gave this call up."));
    const fault = decide(topic, call);
    const goOn = () => stream.closed || passOn(stream, openUpstream(headers, Readable.from([body])), tell);
    switch (fault?.kind) {
      case undefined:
        goOn();
        return;
      case "error":
        return fail(stream, fault.code, fault.details ?? "Failed as told.", tell);
      case "delay":
        setTimeout(goOn, fault.ms).unref();
        return;
      case "hang":
        return;
      case "drop":
        tell("CONNECTION DROPPED", "The connection was dropped as told.");
        stream.session?.destroy();
        return;
      case "lost-answer":
        await openUpstream(headers, Readable.from([body])).toArray();
        if (fault.caller === "unavailable") fail(stream, status.UNAVAILABLE, "The answer was lost as told.", tell);
    }
  }

  function openUpstream(headers: IncomingHttpHeaders, body: Readable): ClientHttp2Stream {
    if (!upstream || upstream.closed || upstream.destroyed) {
      upstream = connect(authority, { settings });
      upstream.on("error", () => {});
      upstream.unref();
    }
    return body.pipe(upstream.request(Object.fromEntries(Object.entries(headers).filter(isPassedOn))));
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const session of sessions) session.destroy();
      upstream?.destroy();
      server.close();
    },
  };
}

/** Passes the answer to a call of any kind on, as it comes. */
function passOn(stream: ServerHttp2Stream, upstream: ClientHttp2Stream, tell: Tell = () => {}): void {
  let trailers: IncomingHttpHeaders = {};
  const tellOf = ({ "grpc-status": code, "grpc-message": detail }: IncomingHttpHeaders) =>
    tell(status[Number(code)] ?? "UNKNOWN", decodeURIComponent(String(detail ?? "")));
  upstream.on("error", (error) => fail(stream, status.UNAVAILABLE, error.message, tell));
  upstream.once("trailers", (received) => {
    trailers = received;
  });
  upstream.once("response", (headers, flags) => {
    if (stream.closed) return;
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    if (isWhole) tellOf(headers);
    else {
      stream.once("wantTrailers", () => {
        tellOf(trailers);
        stream.sendTrailers(trailers);
      });
    }
    stream.respond(headers, isWhole ? { endStream: true } : { waitForTrailers: true });
    if (!isWhole) upstream.pipe(stream);
  });
  stream.once("close", () => upstream.close(constants.NGHTTP2_CANCEL));
}

function fail(stream: ServerHttp2Stream, code: status, detail: string, tell: Tell): void {
  tell(status[code] as string, detail);
  if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  if (stream.closed) return;
  const answer = { "grpc-status": code, "grpc-message": encodeURIComponent(detail) };
  stream.respond({ ":status": 200, "content-type": "application/grpc", ...answer }, { endStream: true });
}
