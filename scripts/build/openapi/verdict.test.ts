import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains, type FunctionName } from "../../../shared/events/registry.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { anyEvent, listEdgeCases } from "../../testing/any-event.ts";
import { createDocumentValidator } from "../../testing/document-validator.ts";
import { type FunctionProcess, startFunction } from "../../testing/function-process.ts";
import { toDocument } from "./document.ts";

const RANDOM_EVENTS_PER_TYPE = 150;

const endpoint = inject("pubsub");
const project = `verdict-${randomUUID().slice(0, 8)}`;

/** An event that the document takes. */
type Documented = Readonly<Record<string, string>>;

/** The rules that JSON Schema cannot express, which the document has as sentences instead: only the function knows. */
const unwritable = [
  {
    rule: "text of at most 1,024 characters, but of more bytes",
    fault: { user_id: "é".repeat(1024) },
    isBroken: ({ user_id = "", session_id = "", order_id = "" }: Documented) =>
      [user_id, session_id, order_id].some((text) => Buffer.byteLength(text) > 1024 && [...text].length <= 1024),
  },
  {
    rule: "a lone surrogate",
    fault: { user_id: "usr_\ud800" },
    // JSON.stringify escapes nothing else of these.
    isBroken: (event: Documented) => /\\ud[89a-f]/.test(JSON.stringify(event)),
  },
  {
    rule: "a second 60 that is no leap second",
    fault: { timestamp: "2026-01-30T23:59:60Z" },
    isBroken: ({ timestamp = "" }: Documented) =>
      timestamp.slice(17, 19) === "60" && !timestamp.startsWith("2026-02-28T23:59:60Z"),
  },
  {
    rule: "a day that does not exist",
    fault: { timestamp: "2026-02-29T00:00:00Z" },
    // Date moves 29 February into March.
    isBroken: ({ timestamp = "2026-01-01" }: Documented) =>
      new Date(`${timestamp.slice(0, 10)}T00:00:00Z`).getUTCDate() !== Number(timestamp.slice(8, 10)),
  },
];

describe.each(Object.values<Domain>(domains))("the function $name and its document", (domain) => {
  const document = toDocument(domain);
  const validator = createDocumentValidator(document, domain.name);
  let running: FunctionProcess;

  beforeAll(async () => {
    const admin = connectPubSub(endpoint, project);
    await admin.createTopic(domain.topic);
    admin.close();
    running = await startFunction(domain.name as FunctionName, { endpoint, project });
  });
  afterAll(async () => {
    await running?.stop();
  });

  /** @returns the answer's status, or that the event was accepted with warnings */
  async function post(path: string, body: string, mediaType = "application/json"): Promise<number | "warned"> {
    const response = await fetch(running.url + path, { method: "POST", headers: { "content-type": mediaType }, body });
    const answer = (await response.json()) as object;
    validator.checkAnswer("POST", path, response, answer);
    return response.status === 202 && "warnings" in answer ? "warned" : response.status;
  }

  it("the function serves exactly the document that is built", async () => {
    const response = await fetch(`${running.url}/openapi.json`);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe(JSON.stringify(document));
  });

  it.each(Object.values(domain.events))("agree on events like $type", async (event) => {
    const verdicts = { right: 0, wrong: 0 };
    const property = fc.asyncProperty(anyEvent(event), async (value) => {
      const expected = validator.isEvent(value) && !unwritable.some(({ isBroken }) => isBroken(value as Documented));
      verdicts[expected ? "right" : "wrong"]++;
      const status = await post("/events/ingest", JSON.stringify(value));
      expect([202, "warned", 400, 422]).toContain(status);
      expect(status === 202).toBe(expected);
    });
    const edgeCases = listEdgeCases(event).map((value) => [value] as [typeof value]);
    await fc.assert(property, { examples: edgeCases, numRuns: edgeCases.length + RANDOM_EVENTS_PER_TYPE });
    expect(Math.min(verdicts.right, verdicts.wrong)).toBeGreaterThan(RANDOM_EVENTS_PER_TYPE / 5);
  });

  it("agree on what is no event at all", async () => {
    for (const value of [null, true, 0, "", "text", [], {}, { event_type: "order.lost" }, { event_type: 1 }]) {
      expect(validator.isEvent(value)).toBe(false);
      expect([400, 422]).toContain(await post("/", JSON.stringify(value)));
    }
  });

  it("agree on how long a batch may be", async () => {
    const [event] = Object.values(domain.events);
    for (const [length, isRight] of [
      [0, false],
      [1, true],
      [1000, true],
      [1001, false],
    ] as const) {
      const batch = Array.from({ length }, () => event?.sample);
      expect(validator.isBatch(batch)).toBe(isRight);
      expect(await post("/events/batch", JSON.stringify(batch))).toBe(isRight ? 202 : 422);
      const lines = batch.map((line) => `${JSON.stringify(line)}\n`).join("");
      if (length > 0) expect(await post("/events/batch", lines, "application/x-ndjson")).toBe(isRight ? 202 : 422);
    }
  });

  it.each(unwritable)("only the function refuses $rule", async ({ fault, isBroken }) => {
    for (const { sample } of Object.values(domain.events)) {
      const value = { ...sample, ...fault };
      expect(isBroken(value as unknown as Documented)).toBe(true);
      expect(validator.isEvent(value)).toBe(true);
      expect([400, 422]).toContain(await post("/events/ingest", JSON.stringify(value)));
    }
  });
});
