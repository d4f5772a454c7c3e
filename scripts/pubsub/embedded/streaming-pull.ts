import type { handleBidiStreamingCall, ServerDuplexStream } from "@grpc/grpc-js";
import type { PubSubMessage, ReceivedMessage, ReceivedMessages, StreamingPullRequest } from "../protocol.ts";
import { checkAckDeadline } from "./config-checks.ts";
import type { Consumer } from "./lane.ts";
import { boundEncodedSize, MOST_ANSWER_BYTES } from "./pull.ts";
import type { Resources } from "./resources.ts";
import { invalidArgument, notFound, toRpcError } from "./rpc-error.ts";
import type { Subscription } from "./subscription.ts";

type Stream = ServerDuplexStream<StreamingPullRequest, ReceivedMessages>;

/** A response is sent at this size, so that subscribers with the default limit of 4 MB can read it. */
const responseBytes = 1_000_000;

const MIN_STREAM_DEADLINE = 10;

/** The handler of StreamingPull: the first request opens the stream, later ones acknowledge and move deadlines. */
export function handleStreamingPull(
  resources: Resources,
): handleBidiStreamingCall<StreamingPullRequest, ReceivedMessages> {
  return (stream) => {
    let subscription: Subscription | undefined;
    let consumer: StreamConsumer | undefined;
    stream.on("data", (request: StreamingPullRequest) => {
      const { streamAckDeadlineSeconds: seconds } = request;
      try {
        if (seconds) checkAckDeadline(seconds, MIN_STREAM_DEADLINE);
        if (consumer === undefined || subscription === undefined) {
          subscription = resources.findSubscription(request.subscription ?? "");
          if (!seconds) throw invalidArgument("first message must set stream_ack_deadline_seconds");
          consumer = new StreamConsumer(stream, request, subscription);
          subscription.attach(consumer);
        } else if (request.subscription) {
          throw invalidArgument("Only the first message of a stream may name its subscription.");
        }
        if (seconds) consumer.ackDeadlineSeconds = seconds;
        settle(subscription, request);
      } catch (error) {
        stream.emit("error", toRpcError(error));
      }
    });
    function detach(): void {
      if (consumer !== undefined) subscription?.detach(consumer);
    }
    stream.on("end", () => {
      detach();
      stream.end();
    });
    stream.on("cancelled", detach);
  };
}

/** Ids that are unknown, of whatever form, are ignored on a stream. */
function settle(subscription: Subscription, request: StreamingPullRequest): void {
  const { modifyDeadlineAckIds: ackIds = [], modifyDeadlineSeconds: seconds = [] } = request;
  if (ackIds.length !== seconds.length) {
    throw invalidArgument("A stream's message must have as many deadlines as ack ids that they are for.");
  }
  for (const each of seconds) checkAckDeadline(each, 0);
  if (request.ackIds?.length) subscription.acknowledge(request.ackIds);
  for (const [index, ackId] of ackIds.entries()) subscription.modifyDeadline(ackId, seconds[index] as number);
}

/** A subscriber behind an open stream: takes messages within its own limits and as fast as the connection does. */
class StreamConsumer implements Consumer {
  ackDeadlineSeconds: number;
  readonly #stream: Stream;
  readonly #name: string;
  readonly #properties: NonNullable<ReceivedMessages["subscriptionProperties"]>;
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #outstandingMessages = 0;
  #outstandingBytes = 0;
  #batch: ReceivedMessage[] = [];
  #batchBytes = 0;
  #writable = true;

  constructor(stream: Stream, request: StreamingPullRequest, subscription: Subscription) {
    this.#stream = stream;
    this.#name = subscription.config.name;
    this.#properties = { messageOrderingEnabled: subscription.config.enableMessageOrdering ?? false };
    this.ackDeadlineSeconds = request.streamAckDeadlineSeconds ?? 0;
    // Zero and less mean no limit.
    this.#maxMessages = (request.maxOutstandingMessages ?? 0) > 0 ? (request.maxOutstandingMessages ?? 0) : Infinity;
    this.#maxBytes = (request.maxOutstandingBytes ?? 0) > 0 ? (request.maxOutstandingBytes ?? 0) : Infinity;
    stream.on("drain", () => {
      this.#writable = true;
      subscription.planDispatch();
    });
  }

  hasRoom(): boolean {
    return this.#writable && this.#outstandingMessages < this.#maxMessages && this.#outstandingBytes < this.#maxBytes;
  }

  add(received: ReceivedMessage): void {
    const bytes = boundEncodedSize(received.message);
    this.#outstandingMessages += 1;
    this.#outstandingBytes += received.message.data.length;
    if (this.#batchBytes + bytes > MOST_ANSWER_BYTES) this.send();
    this.#batch.push(received);
    this.#batchBytes += bytes;
    if (this.#batchBytes >= responseBytes) this.send();
  }

  send(): void {
    if (this.#batch.length === 0) return;
    this.#writable = this.#stream.write({
      receivedMessages: this.#batch,
      subscriptionProperties: this.#properties,
    });
    this.#batch = [];
    this.#batchBytes = 0;
  }

  release(message: PubSubMessage): void {
    this.#outstandingMessages -= 1;
    this.#outstandingBytes -= message.data.length;
  }

  end(): void {
    this.#stream.emit("error", notFound(this.#name));
  }
}
