import { type Message, PubSub } from "@google-cloud/pubsub";
import { expect, it, onTestFinished, vi } from "vitest";
import { createFixture } from "./fixture.ts";

// Even beside an emulator the client looks for a metadata server, and warns when there is none.
process.env.METADATA_SERVER_DETECTION ??= "none";

/** The same server through the client package that the functions use. */
export function testClientPackage(getEndpoint: () => string): void {
  async function connect() {
    const { endpoint, project, topic, subscription } = await createFixture(getEndpoint());
    const pubsub = new PubSub({ projectId: project, apiEndpoint: endpoint, emulatorMode: true });
    onTestFinished(() => pubsub.close());
    const reader = pubsub.subscription(subscription);
    onTestFinished(() => reader.close());
    reader.on("error", () => {});
    return { topic: pubsub.topic(topic, { messageOrdering: true }), reader };
  }

  it("publishes and receives in order per key", async () => {
    const { topic, reader } = await connect();
    const received: string[] = [];
    reader.on("message", (message: Message) => {
      received.push(`${message.orderingKey} ${message.data} ${message.attributes.n}`);
      message.ack();
    });
    const numbers = Array.from({ length: 50 }, (_, index) => String(index));
    const messageIds = await Promise.all(
      numbers.flatMap((n) =>
        ["a", "b"].map((orderingKey) => topic.publishMessage({ data: Buffer.from(n), orderingKey, attributes: { n } })),
      ),
    );
    expect(new Set(messageIds).size).toBe(100);
    await vi.waitFor(() => expect(received.length).toBe(100), 15_000);
    for (const key of ["a", "b"]) {
      expect(received.filter((text) => text.startsWith(key))).toEqual(numbers.map((n) => `${key} ${n} ${n}`));
    }
  });

  it("receives again what it gave back", async () => {
    const { topic, reader } = await connect();
    const received: string[] = [];
    reader.on("message", (message: Message) => {
      received.push(String(message.data));
      if (received.length === 1) message.nack();
      else message.ack();
    });
    await topic.publishMessage({ data: Buffer.from("1"), orderingKey: "key" });
    await vi.waitFor(() => expect(received).toEqual(["1", "1"]), 15_000);
  });
}
