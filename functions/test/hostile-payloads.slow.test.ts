import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { connectPubSub } from "../../scripts/pubsub/client.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import { domains } from "../../shared/events/registry.ts";

const MIB = 1024 * 1024;
const SIZE = 9 * MIB - 1000;
/**
 * A payload of few values may be one long text: as many bytes again for the text that is parsed, and for what is made of it,
 * two a character where one of them is outside Latin-1. The collector decides when a heap grows.
 */
const MOST_MIB = 64;

const endpoint = inject("pubsub");
const project = `hostile-${randomUUID().slice(0, 8)}`;
let checked: FunctionProcess;
let unchecked: FunctionProcess;

beforeAll(async () => {
  const admin = connectPubSub(endpoint, project);
  await admin.createTopic(domains.commerce.topic);
  admin.close();
  checked = await startFunction("commerce", { endpoint, project, env: { PAYLOAD_CHECKS: "report" } });
  unchecked = await startFunction("commerce", { endpoint, project, env: { PAYLOAD_CHECKS: "off" } });
});
afterAll(async () => {
  await checked?.stop();
  await unchecked?.stop();
});

/** So much of a text, again and again, that it fills a body; each is followed by a comma. */
const fill = (part: string) => `${part},`.repeat(Math.floor(SIZE / (part.length + 1)) - 1) + part;
const deep = `${"[".repeat(250)}${"]".repeat(250)}`;

const bodies: readonly [name: string, payload: () => string][] = [
  ["a member that is named, a million times", () => `{${fill('"total":1')}}`],
  ["the same with a text", () => `{${fill('"currency":"EUR"')}}`],
  ["the same with its name escaped", () => `{${fill('"\\u0074otal":1')}}`],
  ["a million arrays of items", () => `{${fill('"items":[{}]')}}`],
  ["a million items", () => `{"items":[${fill("{}")}]}`],
  ["items that are deep", () => `{"items":[${fill(deep)}]}`],
  ["one text where it is read", () => `{"currency":"${"E".repeat(SIZE)}"}`],
  ["one text that is no ASCII", () => `{"currency":"${"é".repeat(SIZE / 2)}"}`],
  ["one text of escapes", () => `{"currency":"${"\\u00e9".repeat(SIZE / 6)}"}`],
  ["one text of four bytes a character", () => `{"currency":"${"😀".repeat(SIZE / 4)}"}`],
  ["one text for an id", () => `{"items":[{"product_id":"${"p".repeat(SIZE)}"}]}`],
  ["escaped keys", () => `{${fill('"\\n":1')}}`],
];

it.each(bodies)(
  "%s: checking costs little more memory than the body",
  async (_, payload) => {
    const { payload: _sample, ...envelope } = domains.commerce.events["order.placed"].sample;
    const body = Buffer.from(`{"payload":${payload()},${JSON.stringify(envelope).slice(1)}`);
    expect(body.length).toBeGreaterThan(8 * MIB);
    for (const running of [unchecked, checked]) {
      const response = await fetch(running.url, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      const answer = (await response.json()) as { warnings?: unknown };
      expect([response.status, "warnings" in answer]).toEqual([202, running === checked]);
    }
    expect((await checked.peakMemoryMiB()) - (await unchecked.peakMemoryMiB())).toBeLessThan(MOST_MIB);
  },
  120_000,
);
