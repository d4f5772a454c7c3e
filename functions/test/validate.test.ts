import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { sampleOf } from "../../scripts/testing/sample-of.ts";
import { domains } from "../../shared/events/registry.ts";

const { sample } = domains.commerce.events["order.placed"];
// No topic is there: whatever were published would be answered 500.
const project = `validate-${randomUUID().slice(0, 8)}`;
let running: FunctionProcess;
/** Another one for what `running` is compared with, so that all lines of `running` are those of validation. */
let ingesting: FunctionProcess;

interface Body {
  readonly code?: string;
  readonly results: readonly { readonly status: number }[];
}

beforeAll(async () => {
  const start = () => startFunction("commerce", { endpoint: inject("pubsub"), project });
  [running, ingesting] = await Promise.all([start(), start()]);
});
afterAll(async () => {
  await Promise.all([running.stop(), ingesting.stop()]);
  expect(ingesting.logs.length).toBeGreaterThan(0);
  expect(running.logs.map(({ message }) => message)).toEqual(["Function started"]);
});

async function post(path: string, body: string, type = "application/json") {
  const { url } = path === "/events/validate" ? running : ingesting;
  const response = await fetch(url + path, { method: "POST", headers: { "content-type": type }, body });
  const answer = (await response.json()) as Body;
  return { status: response.status, type: response.headers.get("content-type"), body: answer };
}
const validate = (value: unknown) => post("/events/validate", JSON.stringify(value));

describe("POST /events/validate", () => {
  it("takes a valid event, under an Idempotency-Key or not", async () => {
    expect(await validate(sample)).toMatchObject({ status: 200, body: { status: "valid" } });
  });

  it.each([
    ["an invalid event", { ...sample, user_id: "", order_id: null }],
    ["an unknown type", { ...sample, event_type: "order.lost" }],
    ["another function's type", { ...sample, event_type: sampleOf("system").event_type }],
    ["no type", {}],
    ["a string", "text"],
  ])("answers %s as ingest does", async (_, value) => {
    const answer = await validate(value);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.type).toBe("application/problem+json");
    expect(answer).toEqual(await post("/events/ingest", JSON.stringify(value)));
  });

  it.each(["", "{", "[1,", "\u00ff"])("answers the body %j as ingest does", async (body) => {
    expect(await post("/events/validate", body)).toEqual(
      await post(body.startsWith("[") ? "/events/batch" : "/events/ingest", body),
    );
  });

  it.each([
    ["all valid", [sample, sample], 200, [200, 200]],
    ["some valid", [sample, {}], 207, [200, 400]],
    ["none valid", [{ ...sample, user_id: 1 }, 7], 422, [422, 400]],
  ])("answers a batch, %s", async (_, events, status, statuses) => {
    const answers = [
      await validate(events),
      await post("/events/validate", events.map((event) => JSON.stringify(event)).join("\n"), "application/jsonl"),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(status);
      expect(answer.body.results.map((result) => result.status)).toEqual(statuses);
    }
  });

  it("refuses an empty batch, and one event of more than 9 MiB", async () => {
    expect((await validate([])).body.code).toBe("invalid_batch");
    const large = { ...sample, note: "x".repeat(9 * 1024 * 1024) };
    expect((await validate(large)).body).toEqual((await post("/events/ingest", JSON.stringify(large))).body);
    expect((await validate([large])).status).toBe(200);
  });
});
