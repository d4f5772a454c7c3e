import protobuf from "protobufjs/minimal.js";
import { ReverseWriter, toMaxField, toMaxTextField, toTag } from "./reverse-writer.ts";

/** One message as Pub/Sub stores it. */
export interface Message {
  /** At most 10 MB together with attributes and ordering key. */
  readonly data: Buffer;
  readonly orderingKey: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The gRPC method that {@link encodePublishRequest} and {@link decodePublishResponse} speak. */
export const PUBLISH_METHOD = "/google.pubsub.v1.Publisher/Publish";

const { Reader } = protobuf;

/** Bytes by which gRPC precedes a message: whether it is compressed, and its length (big-endian). */
export const PREFIX_BYTES = 5;

/**
 * Encodes a `google.pubsub.v1.PublishRequest`, with the prefix that gRPC puts before a message.
 *
 * By hand, as the client would first build these messages' encoders from the API's whole descriptor, at a third of the
 * load time of everything that a function loads of the client, and copy each message into a second object at each call.
 *
 * @param topic full name, `projects/…/topics/…`
 * @see https://github.com/googleapis/googleapis/blob/master/google/pubsub/v1/pubsub.proto
 */
export function encodePublishRequest(topic: string, messages: readonly Message[]): Buffer {
  const capacity = messages.reduce((sum, message) => sum + toMaxBytes(message), PREFIX_BYTES + toMaxTextField(topic));
  const writer = new ReverseWriter(capacity);
  for (let i = messages.length - 1; i >= 0; i--) {
    const { data, attributes, orderingKey } = messages[i] as Message;
    const messageEnd = writer.position;
    writer.writeText(5, orderingKey);
    for (const key in attributes) {
      const entryEnd = writer.position;
      writer.writeText(2, attributes[key] as string);
      writer.writeText(1, key);
      writer.writeHead(2, entryEnd);
    }
    writer.writeBytes(1, data);
    writer.writeHead(2, messageEnd);
  }
  writer.writeText(1, topic);
  const request = writer.finish(PREFIX_BYTES);
  request[0] = 0; // not compressed
  request.writeUInt32BE(request.length - PREFIX_BYTES, 1);
  return request;
}

/** Counts each field, and the message itself as one more. */
function toMaxBytes({ data, orderingKey, attributes }: Message): number {
  let bytes = toMaxField(toMaxField(data.length)) + toMaxTextField(orderingKey);
  for (const key in attributes) bytes += toMaxField(toMaxTextField(key) + toMaxTextField(attributes[key] as string));
  return bytes;
}

/** @returns the message ids of a `google.pubsub.v1.PublishResponse`, in the order of the request's messages */
export function decodePublishResponse(bytes: Buffer): readonly string[] {
  const reader = Reader.create(bytes);
  const messageIds: string[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === toTag(1)) messageIds.push(reader.string());
    else reader.skipType(tag & 7);
  }
  return messageIds;
}
