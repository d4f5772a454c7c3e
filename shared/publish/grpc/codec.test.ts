import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { publisherMethods } from "../../../scripts/pubsub/protocol.ts";
import { encodePublishRequest, type Message, PREFIX_BYTES } from "./codec.ts";

/** What a server reads, by the API's own descriptor. */
function decode(request: Buffer) {
  expect(request[0]).toBe(0);
  expect(request.readUInt32BE(1)).toBe(request.length - PREFIX_BYTES);
  const { topic, messages } = publisherMethods.Publish.requestDeserialize(request.subarray(PREFIX_BYTES));
  return {
    topic,
    messages: messages.map(({ data, orderingKey, attributes }) => ({ data, orderingKey, attributes })),
  };
}

const text = fc.string({ unit: "binary", maxLength: 200 });
const message: fc.Arbitrary<Message> = fc.record({
  data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  orderingKey: text,
  attributes: fc.dictionary(fc.string({ minLength: 1 }), text, { noNullPrototype: true }),
});

describe("encodePublishRequest", () => {
  it("encodes any messages so that they are read as they were", () => {
    fc.assert(
      fc.property(text, fc.array(message), (topic, messages) => {
        expect(decode(encodePublishRequest(topic, messages))).toEqual({ topic, messages });
      }),
    );
  });

  it.each([0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])("encodes %i bytes of data", (length) => {
    const messages = [{ data: Buffer.alloc(length, "x"), orderingKey: "u", attributes: {} }];
    expect(decode(encodePublishRequest("t", messages)).messages[0]?.data?.length).toBe(length);
  });
});
