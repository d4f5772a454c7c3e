import { describe, expect, it, vi } from "vitest";
import { commerce } from "../events/commerce.ts";
import { system } from "../events/system.ts";
import { Problem } from "../http/problem.ts";
import { PublishFailure } from "../publish/failure.ts";
import { readContext, type Service } from "./context.ts";
import { Contract } from "./contract.ts";
import { takeEvent } from "./event.ts";
import { InFlight } from "./in-flight.ts";
import { uncounted } from "./summaries.ts";

const { sample } = commerce.events["order.placed"];
/** A type of another function. */
const [elsewhere] = Object.keys(system.events);
const event = { ...sample, user_id: "usr_1", event_id: "e1", timestamp: "2026-01-01T00:00:00Z" };

/** A function whose Pub/Sub acknowledges, and the lines that it wrote. */
function createService(over: Partial<Service> = {}) {
  const lines: Record<string, unknown>[] = [];
  const publish = vi.fn<Service["publisher"]["publish"]>(async () => "m1");
  const service: Service = {
    domain: commerce,
    publisher: { publish },
    log: { write: (severity, message, fields) => void lines.push({ severity, message, ...fields }) },
    inFlight: new InFlight(2),
    contract: new Contract(commerce, "report"),
    summaries: uncounted,
    readCaller: () => undefined,
    ...over,
  };
  return { service, lines, publish };
}

const context = (headers: Record<string, string> = {}) => readContext({ headers });
const take = (service: Service, value: unknown, headers?: Record<string, string>) =>
  takeEvent(service, context(headers), { bytes: Buffer.from(JSON.stringify(value)), isLines: false });

async function takeRefused(service: Service, value: unknown): Promise<Problem> {
  const answer = await take(service, value);
  if (!(answer instanceof Problem)) throw new Error(`answered ${answer.status}`);
  return answer;
}

describe("an accepted event", () => {
  it("is published with its user, bytes and attributes, answered, and has one line", async () => {
    const { service, lines, publish } = createService();
    expect(await take(service, event)).toEqual({
      status: 202,
      body: '{"status":"accepted","event_id":"e1","message_id":"m1"}',
    });
    expect(publish).toHaveBeenCalledExactlyOnceWith({
      userId: event.user_id,
      data: Buffer.from(JSON.stringify(event)),
      attributes: { event_type: "order.placed", event_id: "e1" },
    });
    expect(lines).toEqual([
      {
        severity: "info",
        message: "Event accepted",
        event_type: "order.placed",
        event_id: "e1",
        message_id: "m1",
        latency_ms: expect.any(Number),
      },
    ]);
  });

  it("stays accepted when its line cannot be written", async () => {
    const { service } = createService({
      log: {
        write() {
          throw new Error("stdout is gone");
        },
      },
    });
    expect(await take(service, event)).toMatchObject({ status: 202 });
  });

  it.each([
    ["0123456789abcdef", "0123456789abcdef"],
    ["0123456789ABCDEF", "0123456789abcdef"],
    ["f".repeat(64), "f".repeat(64)],
    ["f".repeat(65), undefined],
    ["f".repeat(15), undefined],
    ["g".repeat(16), undefined],
  ])("with the header PulseCart-Verification: %s has the attribute %s", async (header, attribute) => {
    const { service, publish } = createService();
    await take(service, event, { "pulsecart-verification": header });
    expect(publish.mock.calls[0]?.[0].attributes.verification).toBe(attribute);
  });

  it("gives its room back", async () => {
    const { service } = createService();
    for (let i = 0; i < 5; i++) expect(await take(service, event)).toMatchObject({ status: 202 });
  });
});

describe("a refused event", () => {
  it.each([
    [{ ...event, user_id: "" }, "invalid_event", { event_type: "order.placed", event_id: "e1", paths: "user_id" }],
    [{ ...event, event_id: "a secret!" }, "invalid_event", { event_type: "order.placed", event_id: undefined }],
    [{ ...event, event_type: "order.lost" }, "unknown_event_type", { event_type: undefined, event_id: "e1" }],
    [{ ...event, event_type: elsewhere }, "wrong_function", { event_type: elsewhere, event_id: "e1" }],
    [{ user_id: "u" }, "missing_event_type", { event_type: undefined, event_id: undefined }],
  ])("%j is %s, and has one line", async (value, code, fields) => {
    const { service, lines, publish } = createService();
    expect((await takeRefused(service, value)).code).toBe(code);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ severity: "info", message: "Event refused", code, ...fields });
    expect(JSON.stringify(lines)).not.toContain("secret");
    expect(publish).not.toHaveBeenCalled();
  });
});

describe("an event that is not published", () => {
  it.each([
    [new PublishFailure("publish_unavailable"), "publish_unavailable", true, "warning"],
    [new PublishFailure("publish_timeout"), "publish_timeout", true, "warning"],
    [new PublishFailure("misconfigured"), "misconfigured", true, "error"],
    [new PublishFailure("publish_rejected"), "publish_rejected", false, "error"],
    [new TypeError("a bug"), "internal", true, "error"],
  ] as const)("because of %s is %s, retryable %s, and a line at %s", async (failure, code, retryable, severity) => {
    const { service, lines } = createService({ publisher: { publish: () => Promise.reject(failure) } });
    const problem = await takeRefused(service, event);
    expect(problem).toMatchObject({ code, retryable, extras: { eventId: "e1" } });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ severity, message: "Event not published", code, retryable, event_id: "e1" });
  });

  it("because there is no room is overloaded, under its id", async () => {
    const { service, lines } = createService({ publisher: { publish: () => new Promise(() => {}) } });
    void take(service, event);
    void take(service, event);
    expect(await takeRefused(service, event)).toMatchObject({ code: "overloaded", extras: { eventId: "e1" } });
    expect(lines).toMatchObject([{ severity: "warning", message: "Event not published", event_id: "e1" }]);
  });
});

describe("events in flight", () => {
  it("takes a batch as a whole, also one above the limit where nothing else is in flight", () => {
    const inFlight = new InFlight(10);
    expect(inFlight.takeBatch(20)).toBe(true);
    expect(inFlight.takeBatch(1)).toBe(false);
    for (let i = 0; i < 20; i++) inFlight.release(true);
    expect(inFlight.takeBatch(10)).toBe(true);
  });

  it("takes single events while batches take all of the limit, but not any number of them", () => {
    const inFlight = new InFlight(20);
    expect(inFlight.takeBatch(20)).toBe(true);
    expect([inFlight.takeOne(), inFlight.takeOne(), inFlight.takeOne()]).toEqual([true, true, false]);
    inFlight.release(false);
    expect(inFlight.takeOne()).toBe(true);
  });

  it("takes single events up to the limit where there is no batch", () => {
    const inFlight = new InFlight(3);
    expect([inFlight.takeOne(), inFlight.takeOne(), inFlight.takeOne(), inFlight.takeOne()]).toEqual([
      ...[true, true, true],
      false,
    ]);
    expect(inFlight.takeBatch(1)).toBe(false);
  });
});
