import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import type { Domain } from "../../shared/events/domain.ts";
import { domains, type FunctionName } from "../../shared/events/registry.ts";

const endpoint = inject("pubsub");

describe.each(Object.values<Domain>(domains))(
  "the built function $name, in a functions-framework process",
  (domain) => {
    const project = `events-${randomUUID().slice(0, 8)}`;
    let running: FunctionProcess;
    let topic: TopicCollector;

    beforeAll(async () => {
      topic = await collectTopic(endpoint, project, domain.topic);
      running = await startFunction(domain.name as FunctionName, {
        endpoint,
        project,
        env: { PAYLOAD_CHECKS: "report" },
      });
    });
    afterAll(async () => {
      await running?.stop();
      await topic?.close();
    });

    const post = (body: string | Buffer, headers: Record<string, string> = {}, path = "/events/ingest") =>
      fetch(running.url + path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

    const findArrived = async (eventId: string) => {
      const messages = await topic.waitFor((all) => all.some(({ attributes }) => attributes.event_id === eventId));
      return messages.find(({ attributes }) => attributes.event_id === eventId) as (typeof messages)[number];
    };

    it.each(Object.values(domain.events))("$type: answers 202 once it is on the topic, as sent", async (event) => {
      const eventId = `test:${randomUUID()}`;
      const timestamp = "2026-11-22T10:15:30.123+01:00";
      const body = JSON.stringify({ ...event.sample, event_id: eventId, timestamp }, null, 1);
      const response = await post(body, { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
      const answer = (await response.json()) as Record<string, string>;
      expect(response.status).toBe(202);
      expect(answer).toEqual({ status: "accepted", event_id: eventId, message_id: expect.any(String) });

      const arrived = await findArrived(eventId);
      expect(arrived.data.toString()).toBe(body);
      expect(arrived.messageId).toBe(answer.message_id);
      expect(arrived.orderingKey).toBe(event.sample.user_id);
      expect(arrived.attributes).toEqual({
        event_type: event.type,
        event_id: eventId,
        googclient_traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      });
      const line = await vi.waitUntil(() => running.logs.find(({ event_id }) => event_id === eventId), {
        timeout: 10_000,
      });
      expect(line).toEqual({
        severity: "INFO",
        message: "Event accepted",
        environment: "dev",
        event_type: event.type,
        event_id: eventId,
        message_id: answer.message_id,
        latency_ms: expect.any(Number),
        "logging.googleapis.com/trace": `projects/${project}/traces/0af7651916cd43dd8448eb211c80319c`,
      });
    });

    it.each(Object.values(domain.events))("$type: adds what is absent and changes nothing else", async (event) => {
      const sent = JSON.stringify(event.sample);
      const before = Date.now();
      const response = await post(sent, {}, "/");
      const { event_id } = (await response.json()) as Record<string, string>;
      expect(event_id).toMatch(/^evt_[0-9a-f]{32}$/);
      const data = (await findArrived(event_id as string)).data.toString();
      const { timestamp } = JSON.parse(data);
      expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Math.abs(Date.parse(timestamp) - before)).toBeLessThan(60_000);
      expect(data).toBe(`{"event_id":"${event_id}","timestamp":"${timestamp}",${sent.slice(1)}`);
    });

    const [sample] = Object.values(domain.events).map((event) => event.sample);
    const withMember = (member: string) => JSON.stringify(sample).replace(/^\{/, `{${member},`);

    it.each([
      ["a number of 30 digits", '"n":123456789012345678901234567890'],
      ["numbers that a double cannot hold", '"n":[9007199254740993,89.90,1e400,-0.0,1E+2]'],
      ["an unknown member", '"loyalty_tier" : { "gold" : [1, 2,3 ] }'],
      ["escapes, as they were written", '"s":"\\u00fc\\ud83d\\ude00\\/\\u0000"'],
      ["astral and combining characters", '"s":"😀é\u202e\u2028"'],
      ["{{projectId}}", '"s":"{{projectId}}"'],
      ["__proto__ and constructor", '"__proto__":{"event_id":"x","isAdmin":true},"constructor":{"prototype":1}'],
      ["keys that stand twice", '"a":1,"a":2'],
    ])("delivers %s byte for byte", async (_, member) => {
      const sent = withMember(member);
      const response = await post(sent);
      expect(response.status).toBe(202);
      const { event_id } = (await response.json()) as Record<string, string>;
      const { data } = await findArrived(event_id as string);
      expect(data.toString().endsWith(sent.slice(1))).toBe(true);
    });

    it("keeps {{projectId}} in ordering keys and attributes literally", async () => {
      const event_id = "{{projectId}}";
      expect((await post(JSON.stringify({ ...sample, event_id }))).status).toBe(422);
      const response = await post(JSON.stringify({ ...sample, user_id: "{{projectId}}" }));
      const arrived = await findArrived(((await response.json()) as Record<string, string>).event_id as string);
      expect(arrived.orderingKey).toBe("{{projectId}}");
    });

    it("logs nothing of a user id, which so cannot forge a line", async () => {
      const user_id = `u${randomUUID()}\n{"severity":"ERROR","message":"forged"}\r\n\u2028`;
      const response = await post(JSON.stringify({ ...sample, user_id }));
      expect(response.status).toBe(202);
      const { event_id } = (await response.json()) as Record<string, string>;
      expect((await findArrived(event_id as string)).orderingKey).toBe(user_id);
      await vi.waitUntil(() => running.logs.some((line) => line.event_id === event_id), { timeout: 10_000 });
      // Once a minute there are summaries, which warn.
      expect(running.logs.filter(({ severity }) => severity === "ERROR")).toEqual([]);
      expect(JSON.stringify(running.logs)).not.toContain(user_id.slice(0, 20));
    });

    it("takes a user id of 1,024 bytes as the ordering key, byte for byte", async () => {
      const user_id = "ü".repeat(512);
      const response = await post(JSON.stringify({ ...sample, user_id }));
      const arrived = await findArrived(((await response.json()) as Record<string, string>).event_id as string);
      expect(arrived.orderingKey).toBe(user_id);
    });

    it("derives the same id from the same key, function and event, and another from another", async () => {
      const idOf = async (key: string, event: object) => {
        const response = await post(JSON.stringify(event), { "idempotency-key": key });
        return ((await response.json()) as Record<string, string>).event_id;
      };
      const key = randomUUID();
      const first = await idOf(key, { ...sample });
      expect(first).toMatch(/^evt_[0-9a-f]{32}$/);
      expect(await idOf(key, { ...sample })).toBe(first);
      expect(await idOf(randomUUID(), { ...sample })).not.toBe(first);
      expect(await idOf(key, { ...sample, user_id: "another" })).not.toBe(first);
      expect(await idOf(key, { ...sample, event_id: "own" })).toBe("own");
    });

    it("ignores a traceparent that is invalid", async () => {
      const traceparent = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
      const response = await post(JSON.stringify(sample), { traceparent });
      const arrived = await findArrived(((await response.json()) as Record<string, string>).event_id as string);
      expect(Object.keys(arrived.attributes).sort()).toEqual(["event_id", "event_type"]);
    });

    it("delivers one user's events in the order in which they were accepted", async () => {
      const user_id = randomUUID();
      for (let i = 0; i < 20; i++) {
        expect((await post(JSON.stringify({ ...sample, user_id, payload: { i } }))).status).toBe(202);
      }
      await topic.waitFor((all) => all.filter(({ orderingKey }) => orderingKey === user_id).length >= 20);
      const arrived = topic.messages.filter(({ orderingKey }) => orderingKey === user_id);
      expect(arrived.map(({ data }) => JSON.parse(data.toString()).payload.i)).toEqual([...Array(20).keys()]);
    });
  },
);
