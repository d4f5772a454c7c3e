import type { PubSubMessage } from "../protocol.ts";

/** What clients read by default; gRPC's own limit. */
export const MOST_ANSWER_BYTES = 4 * 1024 * 1024;

/** Ids, the longest ack id, times, and the length in front of each field. */
const FIXED_BYTES = 500;
/** Two fields in an entry of a map: a tag and a length each. */
const ATTRIBUTE_BYTES = 18;

/** At most how many bytes a message takes in an answer. An estimate: encoding it twice costs more than it is worth. */
export function boundEncodedSize({ data, attributes, orderingKey }: PubSubMessage): number {
  let size = FIXED_BYTES + data.length + Buffer.byteLength(orderingKey);
  for (const [name, value] of Object.entries(attributes)) {
    size += ATTRIBUTE_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return size;
}
