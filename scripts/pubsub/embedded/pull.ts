import type { handleUnaryCall } from "@grpc/grpc-js";
import type { PullRequest, ReceivedMessage, ReceivedMessages } from "../protocol.ts";
import type { Consumer } from "./consumer.ts";
import { boundEncodedSize, MOST_ANSWER_BYTES } from "./encoded-size.ts";
import type { Resources } from "./resources.ts";
import { invalidArgument, notFound } from "./rpc-error.ts";
import type { Subscription } from "./subscription.ts";
import { toRpcError } from "./unary.ts";

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
