import type { handleUnaryCall } from "@grpc/grpc-js";
import type { PubSubMessage, PullRequest, ReceivedMessage, ReceivedMessages } from "../protocol.ts";
import type { Consumer } from "./lane.ts";
import type { Resources } from "./resources.ts";
import { invalidArgument, notFound, toRpcError } from "./rpc-error.ts";
import type { Subscription } from "./subscription.ts";

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

/** A pull that finds nothing waits this long for a message; how long the real service waits is not documented. */
const maxWaitMs = 5_000;

/**
 * The handler of Pull: answers with what is there, else with the first messages that come, else with none. An answer is no
 * larger than what clients read; a larger message comes alone. What does not fit stays where it is, for the next pull.
 */
export function handlePull(resources: Resources): handleUnaryCall<PullRequest, ReceivedMessages> {
  return (call, callback) => {
    const { request } = call;
    let subscription: Subscription;
    try {
      subscription = resources.findSubscription(request.subscription);
      if (request.maxMessages <= 0) throw invalidArgument("No max_messages specified");
    } catch (error) {
      callback(toRpcError(error));
      return;
    }

    const receivedMessages: ReceivedMessage[] = [];
    let bytes = 0;
    function stopWaiting(): void {
      clearTimeout(timer);
      subscription.detach(consumer);
    }
    function respond(): void {
      stopWaiting();
      callback(null, { receivedMessages });
    }
    const consumer: Consumer = {
      ackDeadlineSeconds: subscription.config.ackDeadlineSeconds ?? 0,
      hasRoom: (message) =>
        receivedMessages.length === 0 ||
        (receivedMessages.length < request.maxMessages && bytes + boundEncodedSize(message) <= MOST_ANSWER_BYTES),
      add: (received) => {
        receivedMessages.push(received);
        bytes += boundEncodedSize(received.message);
      },
      send: respond,
      release: () => {},
      end: () => {
        stopWaiting();
        callback(notFound(request.subscription));
      },
    };
    const timer = setTimeout(respond, request.returnImmediately ? 0 : maxWaitMs);
    call.on("cancelled", stopWaiting);
    subscription.attach(consumer);
  };
}
