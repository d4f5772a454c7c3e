import { v1 } from "@google-cloud/pubsub";
import { credentials } from "@grpc/grpc-js";
import fc from "fast-check";
import { GoogleAuth, googleAuthLibrary } from "google-gax";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { startEmbeddedPubSub } from "../../../scripts/pubsub/embedded/server.ts";
import { publisherMethods } from "../../../scripts/pubsub/protocol.ts";
import { type RawServer, type RawStream, startRawServer } from "../../../scripts/testing/raw-http2.ts";
import { readConfig } from "../../config.ts";
import { Connection } from "../connection.ts";
import { Credentials } from "../credentials.ts";
import { isRetryable } from "../failure.ts";
import { openPubSubClient } from "./client.ts";
import { encodePublishRequest, type Message, PREFIX_BYTES, PublishRequest } from "./codec.ts";
import { Sending } from "./sending.ts";
import { findSession } from "./session.ts";

const ok = { "grpc-status": "0" };
const begin = { ":status": "200", "content-type": "application/grpc" };
const frame = (message: Buffer, { flag = 0, length = message.length } = {}) => {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
};
const ids = (...texts: string[]) =>
  Buffer.concat(texts.flatMap((text) => [Buffer.from([10, text.length]), Buffer.from(text)]));
const message = { data: Buffer.from("{}"), orderingKey: "u", attributes: {} };
const request = new PublishRequest("projects/p/topics/t", [message]);

let server: RawServer;
let connection: Connection;
let answer: (stream: RawStream) => void;
let resets: number[];

beforeEach(async () => {
  resets = [];
  server = await startRawServer({ onRequest: (stream) => answer(stream), onReset: (id) => resets.push(id) });
  const config = readConfig({ GCP_PROJECT_ID: "p", PUBSUB_EMULATOR_HOST: `127.0.0.1:${server.port}` });
  const credentials = new Credentials(async () => ({ authorization: {}, lifeMs: 1e9 }), 1000);
  connection = new Connection(() => openPubSubClient(config, "projects/p/topics/t"), credentials, 100);
});
afterEach(async () => {
  connection.close();
  await server.close();
});

const publish = () => connection.publish(request, new Sending());

/** Answers with headers, these bytes in these pieces, and trailers. */
const answering = (pieces: readonly Buffer[], trailers: Record<string, string>) => (stream: RawStream) => {
  stream.headers(begin);
  for (const piece of pieces) stream.data(piece);
  stream.headers(trailers, true);
};
const id = frame(ids("42"));

describe("a call", () => {
  it.each<[string, (stream: RawStream) => void]>([
    ["in one piece", answering([id], ok)],
    [
      "in many pieces",
      answering(
        [...id].map((byte) => Buffer.from([byte])),
        ok,
      ),
    ],
    ["with fields that are not known", answering([frame(Buffer.concat([Buffer.from([16, 200, 1]), ids("42")]))], ok)],
    [
      "after a status in headers that do not end the stream",
      (stream) => {
        stream.headers({ ...begin, "grpc-status": "7" });
        stream.data(id);
        stream.headers(ok, true);
      },
    ],
  ])("takes an answer %s", async (_, respond) => {
    answer = respond;
    expect(await publish()).toEqual(["42"]);
  });

  it.each<[string, number, (stream: RawStream) => void]>([
    ["status 3 in trailers", 3, answering([], { "grpc-status": "3", "grpc-message": "bad" })],
    ["status 5 in headers alone", 5, (stream) => stream.headers({ ...begin, "grpc-status": "5" }, true)],
    ["status 16 after a message", 16, answering([id], { "grpc-status": "16" })],
    ["HTTP status 401", 16, (stream) => stream.headers({ ":status": "401" }, true)],
    ["HTTP status 403", 7, (stream) => stream.headers({ ":status": "403" }, true)],
    ["HTTP status 404", 5, (stream) => stream.headers({ ":status": "404" }, true)],
    ["HTTP status 502", 2, (stream) => stream.headers({ ":status": "502" }, true)],
  ])("%s is gRPC status %i", async (_, code, respond) => {
    answer = respond;
    await expect(publish()).rejects.toMatchObject({ code });
  });

  it.each<[string, (stream: RawStream) => void]>([
    ["OK without a message", answering([], ok)],
    ["two messages", answering([id, id], ok)],
    ["an empty grpc-status", answering([id], { "grpc-status": "" })],
    ["a truncated message", answering([frame(ids("42"), { length: 100 })], ok)],
    ["a message of half a prefix", answering([Buffer.alloc(3)], ok)],
    ["a compressed message", answering([frame(ids("42"), { flag: 1 })], ok)],
    ["too few ids", answering([frame(ids())], ok)],
    ["too many ids", answering([frame(ids("42", "43"))], ok)],
    ["an id that is not UTF-8", answering([frame(Buffer.from([10, 2, 0x34, 0xff]))], ok)],
    ["an empty id", answering([frame(ids(""))], ok)],
    ["ids that cannot be decoded", answering([frame(Buffer.from([10, 200]))], ok)],
    ["a message that is no protobuf", answering([frame(Buffer.from("<html>"))], ok)],
    ...["17", "99", "abc", "14, 14", "-1", "1.5", "1e0"].map((status): [string, (stream: RawStream) => void] => [
      `grpc-status ${status}`,
      answering([id], { "grpc-status": status }),
    ]),
    ["trailers without a status", answering([id], { "x-other": "1" })],
    [
      "no trailers",
      (stream) => {
        stream.headers(begin);
        stream.data(id, true);
      },
    ],
    ["headers alone without a status", (stream) => stream.headers(begin, true)],
    ["RST_STREAM with INTERNAL_ERROR", (stream) => stream.reset(2)],
    ["RST_STREAM with REFUSED_STREAM", (stream) => stream.reset(7)],
    ["RST_STREAM with CANCEL", (stream) => stream.reset(8)],
    ["RST_STREAM with ENHANCE_YOUR_CALM", (stream) => stream.reset(11)],
    ["RST_STREAM with INADEQUATE_SECURITY", (stream) => stream.reset(12)],
    [
      "RST_STREAM in the middle of an answer",
      (stream) => {
        stream.headers(begin);
        stream.data(id.subarray(0, 6));
        stream.reset(2);
      },
    ],
    ["GOAWAY", (stream) => stream.goaway(11)],
    ["a connection that is cut", (stream) => stream.socket.destroy()],
    ["a frame that breaks the protocol", (stream) => stream.socket.write(Buffer.alloc(100, 0xff))],
  ])("%s is retried, and says why", async (_, respond) => {
    answer = respond;
    const error = await publish().catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "CallError" });
    expect(isRetryable(error), `code ${error.code}`).toBe(true);
    expect(error.message).toMatch(/gRPC status \d+: ./);
    expect(error.message).not.toContain("undefined");
  });

  it("that is cancelled on the wire is reset", async () => {
    const sending = new Sending();
    answer = () => sending.cancel();
    await expect(connection.publish(request, sending)).rejects.toThrow();
    await vi.waitUntil(() => resets.length === 1, { timeout: 5000 });
  });

  it("that is cancelled while it connects never leaves", async () => {
    const sending = new Sending();
    const requests = vi.fn();
    answer = (stream) => {
      requests();
      answering([id], ok)(stream);
    };
    server.behaviour.onConnection = () => {
      sending.cancel();
      return true;
    };
    const cancelled = connection.publish(request, sending);
    await expect(cancelled).rejects.toThrow();
    await publish();
    expect(requests).toHaveBeenCalledTimes(1);
  });
});

describe("a PING", () => {
  it("tells a slow service from a dead connection", async () => {
    await new Promise<void>((resolve) => {
      answer = () => resolve();
      publish().catch(() => {});
    });
    expect(await connection.isAlive(performance.now())).toBe(true);
    server.behaviour.answersPings = false;
    expect(await connection.isAlive(performance.now())).toBe(false);
  });

  it("is not sent where something was heard since", async () => {
    answer = answering([id], ok);
    const before = performance.now();
    await publish();
    server.behaviour.answersPings = false;
    expect(await connection.isAlive(before)).toBe(true);
  });
});

describe("the session", () => {
  // Fails when a version of grpc-js keeps the session elsewhere: publishing would go on, at twice the cost.
  it("finds the session of the client's channel once it is connected, and none before and after", async () => {
    const pubsub = await startEmbeddedPubSub();
    onTestFinished(() => pubsub.close());
    const [hostname = "", port] = pubsub.endpoint.split(":");
    const client = new v1.PublisherClient({
      projectId: "test",
      apiEndpoint: hostname,
      port: Number(port),
      sslCreds: credentials.createInsecure(),
      auth: new GoogleAuth({ authClient: new googleAuthLibrary.PassThroughClient() }),
    });
    const stub = (await client.initialize()) as unknown as Parameters<typeof findSession>[0];
    expect(findSession(stub)).toBeUndefined();
    await client.createTopic({ name: "projects/test/topics/topic" });
    const session = findSession(stub);
    expect(session?.alpnProtocol).toBe("h2c");
    expect(findSession(stub) === session).toBe(true);
    session?.close();
    expect(findSession(stub)).toBeUndefined();
    // The channel connects again for the next call, and this session is found as well.
    await vi.waitUntil(() => session?.destroyed, 10_000);
    await client.getTopic({ topic: "projects/test/topics/topic" });
    expect(findSession(stub)?.alpnProtocol).toBe("h2c");
    stub.close();
    expect(findSession(stub)).toBeUndefined();
  });
});

describe("a publish request", () => {
  /** What a server reads, by the API's own descriptor. */
  function decode(request: Buffer) {
    expect(request[0]).toBe(0);
    expect(request.readUInt32BE(1)).toBe(request.length - PREFIX_BYTES);
    const { topic, messages } = publisherMethods.Publish.requestDeserialize(request.subarray(PREFIX_BYTES));
    return {
      topic,
      messages: messages.map(({ data, orderingKey, attributes }) => ({ data, orderingKey, attributes })),
    };
  }

  const text = fc.string({ unit: "binary", maxLength: 200 });
  const message: fc.Arbitrary<Message> = fc.record({
    data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    orderingKey: text,
    attributes: fc.dictionary(fc.string({ minLength: 1 }), text, { noNullPrototype: true }),
  });

  describe("encodePublishRequest", () => {
    it("encodes any messages so that they are read as they were", () => {
      fc.assert(
        fc.property(text, fc.array(message), (topic, messages) => {
          expect(decode(encodePublishRequest(topic, messages))).toEqual({ topic, messages });
        }),
      );
    });

    it.each([0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])("encodes %i bytes of data", (length) => {
      const messages = [{ data: Buffer.alloc(length, "x"), orderingKey: "u", attributes: {} }];
      expect(decode(encodePublishRequest("t", messages)).messages[0]?.data?.length).toBe(length);
    });
  });
});
