import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectPubSub, type OutgoingMessage, type PubSubAdmin } from "../client.ts";
import { type EmbeddedPubSub, startEmbeddedPubSub } from "./server.ts";

const data = Buffer.from("a");

// "é" is two bytes in UTF-8: the limits are in bytes, whatever the real service's wording says.
const atTheLimit: [string, OutgoingMessage[]][] = [
  ["an ordering key of 1,024 bytes", [{ data, orderingKey: "é".repeat(512) }]],
  ["an attribute name of 256 bytes", [{ attributes: { ["é".repeat(128)]: "" } }]],
  ["an attribute value of 1,024 bytes", [{ attributes: { name: "é".repeat(512) } }]],
  ["100 attributes", [{ attributes: createAttributes(100) }]],
  ["10,000,000 bytes on the wire", [createMessageFor("projects/test/topics/topic", 10_000_000)]],
];

const overTheLimit: [string, OutgoingMessage[], string][] = [
  ["an ordering key of 1,025 bytes", [{ data, orderingKey: `${"é".repeat(512)}e` }], "1025"],
  ["an attribute name of 257 bytes", [{ attributes: { [`${"é".repeat(128)}e`]: "" } }], "257"],
  ["an attribute value of 1,025 bytes", [{ attributes: { name: `${"é".repeat(512)}e` } }], "1025"],
  ["101 attributes", [{ attributes: createAttributes(101) }], "101"],
  ["10,000,001 bytes on the wire", [createMessageFor("projects/test/topics/topic", 10_000_001)], "10000001"],
  ["20 MB on the wire", [{ data: Buffer.alloc(10_000_000) }, { data: Buffer.alloc(10_000_000) }], "20000"],
];

describe("limits that the official emulator does not enforce, on the embedded server alone", () => {
  let server: EmbeddedPubSub;
  let admin: PubSubAdmin;
  beforeAll(async () => {
    server = await startEmbeddedPubSub();
    admin = connectPubSub(server.endpoint, "test");
    await admin.createTopic("topic");
  });
  afterAll(async () => {
    admin.close();
    await server.close();
  });

  it.each(atTheLimit)("accepts %s", async (_, messages) => {
    await expect(admin.publish("topic", messages)).resolves.toHaveLength(1);
  });

  it.each(overTheLimit)("refuses %s: INVALID_ARGUMENT", async (_, messages, value) => {
    await expect(admin.publish("topic", messages)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(value),
    });
  });

  it.each([
    ["two ordering keys", "b"],
    ["an ordering key and none", ""],
  ])("refuses %s in one request: FAILED_PRECONDITION", async (_, orderingKey) => {
    const messages = [
      { data, orderingKey: "a" },
      { data, orderingKey },
    ];
    await expect(admin.publish("topic", messages)).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  });
});

function createAttributes(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`name-${index}`, "value"]));
}

/** A message whose publish request to this topic takes so many bytes on the wire. */
function createMessageFor(topicName: string, requestBytes: number): OutgoingMessage {
  // Tag and length of the topic take 2 bytes; of the message and of its data, both over 2 MiB, 5 bytes each.
  return { data: Buffer.alloc(requestBytes - topicName.length - 2 - 5 - 5) };
}
