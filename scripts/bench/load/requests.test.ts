import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { findEvent } from "../../../shared/events/registry.ts";
import { createRequests, type RequestShape } from "./requests.ts";

const shape: RequestShape = { eventBytes: 300, users: 1000, batchSize: 1, batchUsers: 1, eventType: "order.placed" };

interface Event {
  readonly user_id: string;
}

/** One request, as a server reads it. */
function read(parts: readonly (string | Buffer)[]): { path: string | undefined; body: string } {
  const [head = "", body = ""] = Buffer.concat(parts.map((part) => Buffer.from(part)))
    .toString()
    .split("\r\n\r\n");
  expect(Number(/Content-Length: (\d+)/.exec(head)?.[1])).toBe(body.length);
  return { path: head.split(" ")[1], body };
}

describe("the requests of a measurement", () => {
  it.each([300, 10_000, 1_000_000])("hold one valid event of about %i bytes", (eventBytes) => {
    const { path, body } = read(createRequests({ ...shape, eventBytes })());
    expect(path).toBe("/");
    expect(Math.abs(body.length - eventBytes)).toBeLessThan(60);
    const event = findEvent("order.placed")?.event;
    const { schema, payload } = event as { schema: v.GenericSchema; payload: v.GenericSchema };
    expect(v.is(schema, JSON.parse(body))).toBe(true);
    expect(v.is(payload, JSON.parse(body).payload)).toBe(true);
  });

  it("have no more items than is wanted, and the rest in a member that no schema names", () => {
    const { body } = read(createRequests({ ...shape, eventBytes: 1_000_000, maxItems: 2 })());
    expect(Math.abs(body.length - 1_000_000)).toBeLessThan(60);
    const { items, more_items } = JSON.parse(body).payload;
    expect([items.length, more_items.length > 1000]).toEqual([2, true]);
  });

  it("have payloads that keep to their schema, or each would be measured with its warnings", () => {
    const { body } = read(createRequests({ ...shape, eventType: "product.viewed" })());
    expect(v.is(findEvent("product.viewed")?.event.payload as v.GenericSchema, JSON.parse(body).payload)).toBe(true);
  });

  it.each([10, 1000])("are drawn from %i users", (users) => {
    const next = createRequests({ ...shape, users });
    const met = new Set(Array.from({ length: users * 10 }, () => (JSON.parse(read(next()).body) as Event).user_id));
    expect(met.size).toBeGreaterThan(users * 0.99);
    expect(met.size).toBeLessThanOrEqual(users);
  });

  it.each([1, 100])("hold batches of 100 events of %i users", (batchUsers) => {
    const { path, body } = read(createRequests({ ...shape, batchSize: 100, batchUsers })());
    const events = JSON.parse(body) as Event[];
    expect(path).toBe("/events/batch");
    expect(events).toHaveLength(100);
    expect(new Set(events.map(({ user_id }) => user_id)).size).toBe(batchUsers);
  });
});
