import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import {
  type PubSubMessage,
  type ReceivedMessages,
  type StreamingPullRequest,
  subscriberMethods,
  toMs,
  unlimitedMessages,
} from "./protocol.ts";

/** A message as it arrived; `publishTime` in milliseconds since the epoch. */
export interface ArrivedMessage {
  data: Buffer;
  orderingKey: string;
  attributes: Record<string, string>;
  messageId: string;
  publishTime: number;
}

export interface OpenSubscription {
  /** Ends the stream; a message that arrives later is neither handed over nor acknowledged. */
  close(): void;
}

const reconnectMs = 200;
/** The least that the service takes: what a broken stream had comes again after it. */
const ackDeadlineSeconds = 10;

/**
 * Reads a subscription by streaming pull until closed: hands each message over, then acknowledges it. When the stream
 * breaks, whatever the reason, a new one is opened a moment later.
 *
 * @param endpoint `host:port`
 */
export function openSubscription(
  endpoint: string,
  project: string,
  subscription: string,
  onMessage: (message: ArrivedMessage) => void,
): OpenSubscription {
  const client = new Client(endpoint, credentials.createInsecure(), unlimitedMessages);
  let stream: ClientDuplexStream<StreamingPullRequest, ReceivedMessages>;
  let closed = false;
  let reconnectTimer: NodeJS.Timeout | undefined;

  function connect(): void {
    const { path, requestSerialize, responseDeserialize } = subscriberMethods.StreamingPull;
    stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    stream.on("data", ({ receivedMessages }: ReceivedMessages) => {
      if (closed) return;
      for (const { message } of receivedMessages) onMessage(toArrivedMessage(message));
      stream.write({ ackIds: receivedMessages.map(({ ackId }) => ackId) });
    });
    // Every end of a call is told by `status`; `error` without a listener would end the process.
    stream.on("error", () => {});
    stream.on("status", () => {
      if (!closed) reconnectTimer = setTimeout(connect, reconnectMs);
    });
    stream.write({
      subscription: `projects/${project}/subscriptions/${subscription}`,
      streamAckDeadlineSeconds: ackDeadlineSeconds,
    });
  }

  connect();
  return {
    close() {
      closed = true;
      clearTimeout(reconnectTimer);
      stream.cancel();
      client.close();
    },
  };
}

/** A message as it travels, as those who read it have it. */
export function toArrivedMessage({
  data,
  orderingKey,
  attributes,
  messageId,
  publishTime,
}: PubSubMessage): ArrivedMessage {
  return { data, orderingKey, attributes, messageId, publishTime: toMs(publishTime) };
}
