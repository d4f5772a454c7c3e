import { isUtf8 } from "node:buffer";
import { CallError, Status } from "./status.ts";

/** One message as Pub/Sub stores it. */
export interface Message {
  /** At most 10 MB together with attributes and ordering key. */
  readonly data: Buffer;
  readonly orderingKey: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The gRPC method that {@link PublishRequest} speaks. */
export const PUBLISH_METHOD = "/google.pubsub.v1.Publisher/Publish";

/** Bytes by which gRPC precedes a message: whether it is compressed, and its length (big-endian). */
export const PREFIX_BYTES = 5;

/** Fields that hold bytes, text or a message; all of ours have a tag of one byte. */
const LENGTH_DELIMITED = 2;
const VARINT = 0;
/** Bytes of the wire types that have a fixed size; a varint is read by itself. */
const FIXED_BYTES: Readonly<Record<number, number>> = { [VARINT]: 0, 1: 8, 5: 4 };
const toTag = (field: number) => (field << 3) | LENGTH_DELIMITED;

/**
 * Encodes a `google.pubsub.v1.PublishRequest`, with the prefix that gRPC puts before a message.
 *
 * By hand: the client builds encoders from the whole API descriptor, a third of its load time, and copies each message. All
 * but the data is put together as text with a character for each byte, which costs less than to measure and write each part.
 *
 * @param topic full name, `projects/…/topics/…`
 * @see https://github.com/googleapis/googleapis/blob/master/google/pubsub/v1/pubsub.proto
 */
export function encodePublishRequest(topic: string, messages: readonly Message[]): Buffer {
  const start = toField(1, toBytes(topic));
  let length = start.length;
  const parts = messages.map(({ data, attributes, orderingKey }) => {
    let tail = "";
    for (const key in attributes) {
      tail += toField(2, toField(1, toBytes(key)) + toField(2, toBytes(attributes[key] as string)));
    }
    tail += toField(5, toBytes(orderingKey));
    const dataHead = toHead(1, data.length);
    const head = toHead(2, dataHead.length + data.length + tail.length) + dataHead;
    length += head.length + data.length + tail.length;
    return { head, data, tail };
  });
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + length);
  bytes[0] = 0; // not compressed
  let at = bytes.writeUInt32BE(length, 1);
  at += bytes.write(start, at, "latin1");
  for (const { head, data, tail } of parts) {
    at += bytes.write(head, at, "latin1");
    at += data.copy(bytes, at);
    at += bytes.write(tail, at, "latin1");
  }
  return bytes;
}

function toField(field: number, bytes: string): string {
  return toHead(field, bytes.length) + bytes;
}

/** A field's tag and its value's length. */
function toHead(field: number, length: number): string {
  let head = String.fromCharCode(toTag(field));
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) head += String.fromCharCode((rest & 0x7f) | 0x80);
  return head + String.fromCharCode(rest);
}

/** UTF-8, a character for each byte. */
function toBytes(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString("latin1");
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

  /** Bytes of all messages' data, known before anything is encoded. */
  get dataBytes(): number {
    return this.#messages.reduce((sum, { data }) => sum + data.length, 0);
  }

  get bytes(): Buffer {
    this.#bytes ??= encodePublishRequest(this.#topic, this.#messages);
    return this.#bytes;
  }

  /**
   * @param answer a `PublishResponse`
   * @returns the message ids, in the messages' order
   * @throws {CallError} INTERNAL, which is retried: what is stored cannot be told from an answer with other ids than these
   */
  readAnswer(answer: Buffer): readonly string[] {
    let messageIds: readonly string[] = [];
    try {
      messageIds = decodePublishResponse(answer);
    } catch {}
    if (messageIds.length === this.#messages.length && !messageIds.includes("")) return messageIds;
    throw new CallError(Status.INTERNAL, "Pub/Sub did not answer with one message id for each message", true);
  }
}

/**
 * Decodes a `google.pubsub.v1.PublishResponse`.
 *
 * @returns the message ids, in the order of the request's messages
 * @throws RangeError when the bytes are no protobuf message, or an id is no text
 * @see https://protobuf.dev/programming-guides/encoding/
 */
function decodePublishResponse(bytes: Buffer): readonly string[] {
  const messageIds: string[] = [];
  let at = 0;
  const readVarint = () => {
    // Beyond 2^53 digits are lost: such a number is no tag and no length of ours.
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 63) throw new RangeError("A varint has more than 10 bytes");
    }
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const type = tag % 8;
    const size = type === LENGTH_DELIMITED ? readVarint() : FIXED_BYTES[type];
    if (type === VARINT) readVarint();
    if (tag < 8 || size === undefined || at + size > bytes.length) throw new RangeError("Not a protobuf message");
    const value = bytes.subarray(at, at + size);
    at += size;
    if (tag !== toTag(1)) continue;
    if (!isUtf8(value)) throw new RangeError("A message id is not UTF-8");
    messageIds.push(value.toString());
  }
  return messageIds;
}
