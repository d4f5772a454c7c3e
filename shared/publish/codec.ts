import protobuf from "protobufjs/minimal.js";

/** One message as Pub/Sub stores it. */
export interface Message {
  /** At most 10 MB together with attributes and ordering key. */
  readonly data: Buffer;
  readonly orderingKey: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The gRPC method that {@link encodePublishRequest} and {@link decodePublishResponse} speak. */
export const PUBLISH_METHOD = "/google.pubsub.v1.Publisher/Publish";

const { Reader, Writer } = protobuf;

const LENGTH_DELIMITED = 2;

/** The tag of a field that holds bytes, text or a message. */
function toTag(field: number): number {
  return (field << 3) | LENGTH_DELIMITED;
}

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
  // Place for the prefix, all zeros: an uncompressed message.
  const writer = Writer.create().uint32(0).fixed32(0);
  writer.uint32(toTag(1)).string(topic);
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
  const bytes = writer.finish() as Buffer;
  bytes.writeUInt32BE(bytes.length - PREFIX_BYTES, 1);
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
