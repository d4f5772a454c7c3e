import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { Domain } from "./domain.ts";
import { domains, type EventOf, type EventType, findEvent } from "./registry.ts";

describe("types inferred from the registry", () => {
  it("know every event type and nothing else", () => {
    expectTypeOf<"order.placed">().toExtend<EventType>();
    expectTypeOf<"order.shipped">().not.toExtend<EventType>();
    expectTypeOf<string>().not.toExtend<EventType>();
  });

  it("know what each event needs", () => {
    expectTypeOf<EventOf<"order.placed">["order_id"]>().toEqualTypeOf<string>();
    expectTypeOf<EventOf<"order.placed">["event_type"]>().toEqualTypeOf<"order.placed">();
    expectTypeOf<EventOf<"order.placed">["payload"]["items"][number]["quantity"]>().toEqualTypeOf<number>();
    expectTypeOf<EventOf<"order.placed">["event_id"]>().toEqualTypeOf<string | undefined>();
  });
});

describe("the registry", () => {
  it("has distinct topics and entry points, and each domain under its own name", () => {
    const all = Object.entries<Domain>(domains);
    expect(new Set(all.map(([, domain]) => domain.topic)).size).toBe(all.length);
    expect(new Set(all.map(([, domain]) => domain.entryPoint)).size).toBe(all.length);
    for (const [name, domain] of all) expect(domain.name).toBe(name);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", ""])("does not find %j", (name) => {
    expect(findEvent(name)).toBeUndefined();
  });

  const events = Object.values<Domain>(domains).flatMap((domain) => Object.values(domain.events));
  it.each(events)("accepts the sample of $type, and finds it by its type", (event) => {
    expect(v.safeParse(event.schema, event.sample).issues).toBeUndefined();
    expect(findEvent(event.type)?.event).toBe(event);
  });
});
