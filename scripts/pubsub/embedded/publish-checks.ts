import { status } from "@grpc/grpc-js";
import type { PublishRequest, PubSubMessage } from "../protocol.ts";
import { invalidArgument, RpcError } from "./rpc-error.ts";

/** https://cloud.google.com/pubsub/quotas#resource_limits; sizes in bytes, MB as 1,000,000. */
const publishLimits = {
  requestBytes: 10_000_000,
  messages: 1_000,
  attributes: 100,
  attributeKeyBytes: 256,
  attributeValueBytes: 1_024,
  orderingKeyBytes: 1_024,
} as const;

const quotasPage = "Refer to https://cloud.google.com/pubsub/quotas for more information.";

/**
 * Finds what the real service would refuse in a publish request, apart from the topic's existence. Wording follows
 * answers of the real service that are quoted in public issue trackers (googleapis/google-cloud-python 9911,
 * googleapis/google-api-nodejs-client 519, snowplow/enrich 485, yoshidan/google-cloud-rust 226).
 *
 * @param request as decoded, every field present
 * @param requestBytes the request's size on the wire
 */
export function findPublishFault(request: PublishRequest, requestBytes: number): RpcError | undefined {
  const { messages } = request;
  const [first] = messages;
  if (first === undefined) {
    return invalidArgument(
      "The value for message_count is too small. You passed 0 in the request, but the minimum value is 1.",
    );
  }
  if (messages.length > publishLimits.messages) {
    return tooLarge("message_count", messages.length, publishLimits.messages);
  }
  if (requestBytes > publishLimits.requestBytes) {
    return tooLarge("request_size", requestBytes, publishLimits.requestBytes);
  }
  for (const message of messages) {
    // The real service's code here is FAILED_PRECONDITION, not INVALID_ARGUMENT.
    if (message.orderingKey !== first.orderingKey) {
      return new RpcError(
        status.FAILED_PRECONDITION,
        "In a single publish request, all messages must have no ordering key or they must all have the same ordering key.",
      );
    }
    const fault = findMessageFault(message);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function findMessageFault({ data, attributes = {}, orderingKey = "" }: Partial<PubSubMessage>): RpcError | undefined {
  const entries = Object.entries(attributes);
  if ((data === undefined || data.length === 0) && entries.length === 0) {
    return invalidArgument(
      "One or more messages in the publish request is empty. Each message must contain either non-empty data, or at least one attribute.",
    );
  }
  if (entries.length > publishLimits.attributes) {
    return tooLarge("attribute_count", entries.length, publishLimits.attributes);
  }
  for (const [key, value] of entries) {
    const fault =
      findLengthFault(`attribute "${key}"`, "key", key, publishLimits.attributeKeyBytes) ??
      findLengthFault(`attribute "${key}"`, "value", value, publishLimits.attributeValueBytes);
    if (fault !== undefined) return fault;
  }
  return findLengthFault("message", "ordering_key", orderingKey, publishLimits.orderingKeyBytes);
}

function findLengthFault(owner: string, part: string, text: string, maxBytes: number): RpcError | undefined {
  // UTF-8 needs at most three bytes for a UTF-16 unit: most texts need no counting.
  if (text.length * 3 <= maxBytes) return undefined;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return undefined;
  return invalidArgument(
    `The ${owner} in the request has a ${part} that is too long. The length is ${bytes} characters, but the maximum allowed is ${maxBytes}. ${quotasPage}`,
  );
}

function tooLarge(name: string, value: number, maximum: number): RpcError {
  return invalidArgument(
    `The value for ${name} is too large. You passed ${value} in the request, but the maximum value is ${maximum}.`,
  );
}
