import { describe, expect, it } from "vitest";
import { readEvent } from "./read.ts";

const raw = '{"event_type":"order.placed","event_id":"e","user_id":"ü","payload":{"total":9007199254740993.10}}';
const attributes = { event_type: "order.placed", event_id: "e" };
const inBase64 = { data: Buffer.from(raw).toString("base64"), attributes, messageId: "1" };

const shapes: [string, Parameters<typeof readEvent>[0]][] = [
  ["the Pub/Sub client's message", { data: Buffer.from(raw), attributes }],
  ["a push request's body", { message: inBase64 }],
  ["the message in it", inBase64],
  ["Eventarc's CloudEvent", { data: { message: inBase64 } }],
];

describe("readEvent", () => {
  it.each(shapes)("reads %s", (_, message) => {
    const read = readEvent(message);
    expect(read).toEqual({ type: "order.placed", event: JSON.parse(raw), raw });
    expect(read.event.user_id).toBe("ü");
    expect(read.raw).toContain("9007199254740993.10");
  });

  it("says what the producer says of the event", () => {
    const more = {
      payload_faults: "payload.total payload.items.0",
      caller: "person",
      verification: "ab",
      redriven: "1",
    };
    const { faults, caller, verification, redriven } = readEvent({
      data: Buffer.from(raw),
      attributes: { ...attributes, ...more },
    });
    expect(faults).toEqual(["payload.total", "payload.items.0"]);
    expect([caller, verification, redriven]).toEqual(["person", "ab", "1"]);
  });

  it("has a type for a payload only once it is known to have no faults", () => {
    const read = readEvent({ data: Buffer.from(raw), attributes });
    if (read.type !== "order.placed") return expect.fail();
    // @ts-expect-error: it may be anything
    read.event.payload.total;
    if (read.faults === undefined) expect(read.event.payload.total satisfies number).toBeTypeOf("number");
    const { event, faults, type } = read;
    if (type === "order.placed" && !faults) event.payload.items satisfies readonly unknown[];
    return undefined;
  });

  it.each([[null], [undefined], [{}], ["text"], [{ data: "", attributes }], [{ message: { data: inBase64.data } }]])(
    "refuses %j",
    (message) => {
      expect(() => readEvent(message as object)).toThrow(TypeError);
    },
  );
});
