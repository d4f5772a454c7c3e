import { status } from "@grpc/grpc-js";
import { expect, it } from "vitest";
import type { OutgoingMessage } from "../client.ts";
import { createFixture, createMessages } from "./fixture.ts";

const refused: [string, OutgoingMessage[]][] = [
  ["no message", []],
  ["a message without data and attributes", [{}]],
  ["a message with an ordering key alone", [{ orderingKey: "key" }]],
  ["an empty message among others", [...createMessages("", "a"), {}]],
  ["1,001 messages", Array.from({ length: 1_001 }, () => ({ data: Buffer.from("a") }))],
];

const accepted: [string, OutgoingMessage[]][] = [
  ["attributes alone", [{ attributes: { name: "value" } }]],
  ["an attribute without value", [{ attributes: { name: "" } }]],
  ["1,000 messages", Array.from({ length: 1_000 }, () => ({ data: Buffer.from("a") }))],
  ["9.9 MB of data", [{ data: Buffer.alloc(9_900_000) }]],
];

/** What a publish call takes and what it refuses. */
export function testPublishing(getEndpoint: () => string): void {
  it("answers NOT_FOUND for an unknown topic", async () => {
    const { admin } = await createFixture(getEndpoint());
    await expect(admin.publish("unknown", createMessages("", "a"))).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it.each(refused)("refuses %s: INVALID_ARGUMENT", async (_, messages) => {
    const { admin, topic } = await createFixture(getEndpoint());
    await expect(admin.publish(topic, messages)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it.each(accepted)("accepts %s, with an id for each message", async (_, messages) => {
    const { admin, topic } = await createFixture(getEndpoint());
    const messageIds = await admin.publish(topic, messages);
    expect(new Set(messageIds).size).toBe(messages.length);
  });
}
