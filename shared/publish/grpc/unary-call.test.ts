import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { callUnary } from "./unary-call.ts";

const headers = { ":method": "POST", ":path": "/service/Method", te: "trailers", "content-type": "application/grpc" };
const rawHeaders = Object.entries(headers).flat();
const inOneSecond = () => Date.now() + 1000;

let server: Http2Server;
let session: ClientHttp2Session;
let answer: (stream: ServerHttp2Stream, requestHeaders: IncomingHttpHeaders) => void;

beforeEach(async () => {
  server = createServer();
  server.on("stream", (stream, requestHeaders) => {
    stream.on("error", () => {});
    answer(stream, requestHeaders);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on("error", () => {});
});
afterEach(() => {
  session.destroy();
  server.close();
});

function frame(message: Buffer, compressed = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

function answerWith(parts: readonly Buffer[], trailers: Record<string, string>): void {
  answer = (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    for (const part of parts) stream.write(part);
    stream.end();
  };
}

const call = (deadline = inOneSecond()) => callUnary(session, rawHeaders, frame(Buffer.from("request")), deadline);

it("sends the request as it is given, and answers with the message", async () => {
  const received: Buffer[] = [];
  answer = (stream, requestHeaders) => {
    expect(requestHeaders).toMatchObject(headers);
    stream.on("data", (chunk: Buffer) => received.push(chunk));
    stream.on("end", () => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(frame(Buffer.from("answer")));
    });
  };
  expect((await call()).toString()).toBe("answer");
  expect(Buffer.concat(received)).toEqual(frame(Buffer.from("request")));
});

it("takes a message in any pieces, and an empty one", async () => {
  const message = Buffer.alloc(100_000, "ab");
  const bytes = frame(message);
  answerWith([bytes.subarray(0, 3), bytes.subarray(3, 70_000), bytes.subarray(70_000)], { "grpc-status": "0" });
  expect(await call()).toEqual(message);
  answerWith([frame(Buffer.alloc(0))], { "grpc-status": "0" });
  expect(await call()).toEqual(Buffer.alloc(0));
});

it.each([
  ["in trailers", () => answerWith([], { "grpc-status": "5", "grpc-message": "No %22topic%22: 50%" })],
  [
    "in headers alone",
    () => {
      answer = (stream) =>
        stream.respond(
          { ":status": 200, "grpc-status": "5", "grpc-message": "No %22topic%22: 50%" },
          { endStream: true },
        );
    },
  ],
])("fails with the server's status %s; a message that is not percent-encoded stands as it is", async (_, prepare) => {
  prepare();
  await expect(call()).rejects.toMatchObject({ code: 5, message: "gRPC status 5: No %22topic%22: 50%" });
});

it("decodes the server's message", async () => {
  answerWith([], { "grpc-status": "7", "grpc-message": "no r%C3%B4le" });
  await expect(call()).rejects.toMatchObject({ code: 7, message: "gRPC status 7: no rôle" });
});

it.each([
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [503, 14],
  [418, 2],
])("HTTP status %i without a gRPC status is gRPC status %i", async (http, code) => {
  answer = (stream) => {
    stream.respond({ ":status": http, "content-type": "text/html" });
    stream.end("<html>a proxy's page</html>");
  };
  await expect(call()).rejects.toMatchObject({ code });
});

it.each([
  ["no message", []],
  ["half a message", [frame(Buffer.from("answer"), 0, 100)]],
  ["two messages", [frame(Buffer.from("one")), frame(Buffer.from("two"))]],
  ["a compressed message", [frame(Buffer.from("answer"), 1)]],
])("OK with %s is an internal error", async (_, parts) => {
  answerWith(parts, { "grpc-status": "0" });
  await expect(call()).rejects.toMatchObject({ code: 13 });
});

it.each<[string, (stream: ServerHttp2Stream) => void]>([
  ["an answer without trailers", (stream) => stream.respond({ ":status": 200 }, { endStream: true })],
  ["a stream that is refused", (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)],
  ["a stream that is reset", (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ["a connection that is lost", (stream) => stream.session?.socket.destroy()],
  ["a server that throws us out", (stream) => stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)],
])("%s is UNAVAILABLE at once, which is retried", async (_, answerBadly) => {
  answer = answerBadly;
  const startedAt = performance.now();
  await expect(call()).rejects.toMatchObject({ code: 14 });
  expect(performance.now() - startedAt).toBeLessThan(900);
});

it("gets the answer of a server that takes no new calls", async () => {
  answer = (stream) => {
    stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    setTimeout(() => stream.end(frame(Buffer.from("answer"))), 50);
  };
  expect((await call()).toString()).toBe("answer");
  expect(session.closed).toBe(true);
});

it("ends at its deadline, and resets the stream so that the server knows", async () => {
  const reset = new Promise<number | undefined>((resolve) => {
    answer = (stream) => stream.on("close", () => resolve(stream.rstCode));
  });
  await expect(call(Date.now() + 50)).rejects.toMatchObject({ code: 4 });
  expect(await reset).toBe(constants.NGHTTP2_CANCEL);
});

it("stops sending when the server has answered before it read the request", async () => {
  const closed = new Promise<void>((resolve) => {
    answer = (stream) => {
      stream.on("close", resolve);
      stream.respond({ ":status": 200, "grpc-status": "8" }, { waitForTrailers: true });
    };
  });
  // More than the flow-control window: the rest waits for the server to read.
  const message = frame(Buffer.alloc(5_000_000));
  await expect(callUnary(session, rawHeaders, message, inOneSecond())).rejects.toMatchObject({ code: 8 });
  await closed;
});
