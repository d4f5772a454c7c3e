import { isUtf8 } from "node:buffer";
import { readFields } from "./fields.ts";
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

/** Bytes by which gRPC precedes a message: whether it is compressed, and its length (big-endian). */
export const PREFIX_BYTES = 5;

/**
 * Encodes a `google.pubsub.v1.PublishRequest`, with the prefix that gRPC puts before a message.
 *
 * By hand: the client builds encoders from the whole API descriptor, a third of its load time, and copies each message.
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

/** A publish request that all attempts of a delivery share; encoded when the first of them has its turn. */
export class PublishRequest {
  readonly #topic: string;
  readonly #messages: readonly Message[];
  #bytes: Buffer | undefined;

  /** @param topic full name, `projects/…/topics/…` */
  constructor(topic: string, messages: readonly Message[]) {
    this.#topic = topic;
    this.#messages = messages;
  }

  /** How many message ids the answer must have. */
  get count(): number {
    return this.#messages.length;
  }

  /** Bytes of all messages' data, known before anything is encoded. */
  get dataBytes(): number {
    return this.#messages.reduce((sum, { data }) => sum + data.length, 0);
  }

  get bytes(): Buffer {
    this.#bytes ??= encodePublishRequest(this.#topic, this.#messages);
    return this.#bytes;
  }
}

/** Counts each field, and the message itself as one more. */
function toMaxBytes({ data, orderingKey, attributes }: Message): number {
  let bytes = toMaxField(toMaxField(data.length)) + toMaxTextField(orderingKey);
  for (const key in attributes) bytes += toMaxField(toMaxTextField(key) + toMaxTextField(attributes[key] as string));
  return bytes;
}

/**
 * Decodes a `google.pubsub.v1.PublishResponse`.
 *
 * @returns the message ids, in the order of the request's messages
 * @throws RangeError when the bytes are no protobuf message, or an id is no text
 */
export function decodePublishResponse(bytes: Buffer): readonly string[] {
  const messageIds: string[] = [];
  for (const { tag, value } of readFields(bytes)) {
    if (tag !== toTag(1)) continue;
    if (!isUtf8(value)) throw new RangeError("A message id is not UTF-8");
    messageIds.push(value.toString());
  }
  return messageIds;
}
