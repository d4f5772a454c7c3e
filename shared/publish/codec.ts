import protobuf from "protobufjs/minimal.js";
import type { PublishRequest } from "./connection.ts";

/** The gRPC method that {@link encodePublishRequest} and {@link decodePublishResponse} speak. */
export const PUBLISH_METHOD = "/google.pubsub.v1.Publisher/Publish";

const { Reader, Writer } = protobuf;

const LENGTH_DELIMITED = 2;

/** The tag of a field that holds bytes, text or a message. */
function toTag(field: number): number {
  return (field << 3) | LENGTH_DELIMITED;
}

/**
 * Encodes a `google.pubsub.v1.PublishRequest`.
 *
 * By hand, as the client would first build these messages' encoders from the API's whole descriptor, at a third of the
 * load time of everything that a function loads of the client, and copy each message into a second object at each call.
 *
 * @see https://github.com/googleapis/googleapis/blob/master/google/pubsub/v1/pubsub.proto
 */
export function encodePublishRequest({ topic, messages }: PublishRequest): Buffer {
  const writer = Writer.create().uint32(toTag(1)).string(topic);
  for (const { data, attributes, orderingKey } of messages) {
    writer.uint32(toTag(2)).fork().uint32(toTag(1)).bytes(data);
    for (const key in attributes) {
      writer.uint32(toTag(2)).fork();
      writer.uint32(toTag(1)).string(key);
      writer.uint32(toTag(2)).string(attributes[key] as string);
      writer.ldelim();
    }
    writer.uint32(toTag(5)).string(orderingKey).ldelim();
  }
  return writer.finish() as Buffer;
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
