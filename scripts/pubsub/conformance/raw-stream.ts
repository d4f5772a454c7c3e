import { EventEmitter, once } from "node:events";
import type { Client, ServiceError } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import {
  type ReceivedMessage,
  type ReceivedMessages,
  type StreamingPullRequest,
  subscriberMethods,
} from "../protocol.ts";

/** A streaming pull that acknowledges nothing by itself. */
export interface RawStream {
  /** The data of everything received, as text. */
  readonly texts: string[];
  /** Waits until so many messages have come since the stream was opened. */
  waitFor(count: number): Promise<void>;
  /** Acknowledges the latest delivery of the message with this text. */
  acknowledge(text: string): void;
  /** Sets the deadline of the latest delivery of the message with this text; 0 gives it back. */
  modifyDeadline(text: string, seconds: number): void;
  /** Resolves with the error that ends the stream. */
  readonly failure: Promise<ServiceError>;
}

/** Opens a stream that ends with the test. */
export function openRawStream(client: Client, request: StreamingPullRequest): RawStream {
  const { path, requestSerialize, responseDeserialize } = subscriberMethods.StreamingPull;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  onTestFinished(() => stream.cancel());
  const received: ReceivedMessage[] = [];
  const texts: string[] = [];
  const arrivals = new EventEmitter();
  stream.on("data", ({ receivedMessages }: ReceivedMessages) => {
    received.push(...receivedMessages);
    texts.push(...receivedMessages.map(({ message }) => message.data.toString()));
    arrivals.emit("arrival");
  });
  const failure = new Promise<ServiceError>((resolve) => stream.on("error", resolve));
  stream.write({ streamAckDeadlineSeconds: 10, ...request });

  const findAckId = (text: string) => received.findLast(({ message }) => message.data.toString() === text)?.ackId ?? "";
  return {
    texts,
    failure,
    async waitFor(count) {
      while (texts.length < count) await once(arrivals, "arrival");
    },
    acknowledge: (text) => stream.write({ ackIds: [findAckId(text)] }),
    modifyDeadline: (text, seconds) =>
      stream.write({ modifyDeadlineAckIds: [findAckId(text)], modifyDeadlineSeconds: [seconds] }),
  };
}
