import { describe, expect, it, vi } from "vitest";
import { createSender } from "./create-sender.ts";
import { RefusedError, UnavailableError } from "./errors.ts";
import type { PulseCartEvent } from "./event-unions.ts";
import { createTestClient } from "./testing.ts";

const event = {
  event_type: "cart.abandoned",
  user_id: "u",
  session_id: "s",
  payload: { cart_id: "c", items: [{ product_id: "p", quantity: 1 }] },
} satisfies PulseCartEvent;

describe("createTestClient", () => {
  it("keeps what is accepted, in order, by each way", async () => {
    const client = createTestClient();
    const { event_id, message_id } = await client.send(event);
    await client.sendAll([
      { ...event, event_id: "2" },
      { ...event, event_id: "3" },
    ]);
    await createSender(client, { maxDelayMs: 1 }).send({ ...event, event_id: "4" });
    expect(client.sent).toMatchObject([
      { ...event, event_id },
      { event_id: "2" },
      { event_id: "3" },
      { event_id: "4" },
    ]);
    expect(message_id).toBe("1");
  });

  it("needs no timer where a test has replaced them", async () => {
    vi.useFakeTimers();
    try {
      const client = createTestClient();
      const sender = createSender(client);
      sender.add(event);
      await sender.close();
      expect(client.sent).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  const wrong: [string, object, object][] = [
    ["an unknown type", { ...event, event_type: "cart.lost" }, { code: "unknown_event_type", status: 422 }],
    ["no type", { user_id: "u" }, { code: "missing_event_type" }],
    ["no session", { ...event, session_id: undefined }, { code: "invalid_event", errors: [{ path: "session_id" }] }],
    [
      "no user and no payload",
      { ...event, user_id: "", payload: [] },
      { errors: [{ path: "user_id" }, { path: "payload" }] },
    ],
  ];
  it.each(wrong)("refuses %s as the producer would", async (_, given, expected) => {
    const client = createTestClient();
    const error = await client.send(given as PulseCartEvent).catch((caught) => caught);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject(expected);
    expect(client.sent).toEqual([]);
  });

  it("warns of a payload that breaks its schema", async () => {
    const given = { ...event, payload: { ...event.payload, cart_id: 1 } } as unknown as PulseCartEvent;
    expect(await createTestClient().send(given)).toMatchObject({ warnings: [{ path: "payload.cart_id" }] });
  });

  it("answers as it is told: by a status, or by throwing", async () => {
    const answers: Readonly<Record<string, () => { status: number; code?: string }>> = {
      refused: () => ({ status: 422, code: "invalid_event" }),
      busy: () => ({ status: 503 }),
      broken: () => {
        throw new Error("reset");
      },
    };
    const client = createTestClient({ timeoutMs: 100, answer: ({ user_id }) => answers[user_id]?.() });
    const fail = (user_id: string) => client.send({ ...event, user_id }).catch((error) => error);
    expect(await fail("refused")).toMatchObject({ name: "RefusedError", code: "invalid_event" });
    expect(await fail("busy")).toMatchObject({ name: "UnavailableError", lastStatus: 503 });
    expect(await fail("broken")).toBeInstanceOf(UnavailableError);
    await client.send(event);
    expect(client.sent).toHaveLength(1);
  });
});
