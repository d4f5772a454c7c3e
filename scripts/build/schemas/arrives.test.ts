import { randomUUID } from "node:crypto";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { DefinedEvent, Domain } from "../../../shared/events/domain.ts";
import { domains, type FunctionName } from "../../../shared/events/registry.ts";
import { collectTopic, type TopicCollector } from "../../pubsub/collect-topic.ts";
import { anyEvent, listEdgeCases } from "../../testing/any-event.ts";
import { type FunctionProcess, startFunction } from "../../testing/function-process.ts";
import { toPicture } from "./picture.ts";

const EVENTS_PER_TYPE = 100;

const endpoint = inject("pubsub");
const project = `arrives-${randomUUID().slice(0, 8)}`;
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

describe.each(Object.values<Domain>(domains))("what arrives on $topic, and the published schemas", (domain) => {
  let running: FunctionProcess;
  let topic: TopicCollector;

  beforeAll(async () => {
    topic = await collectTopic(endpoint, project, domain.topic);
    running = await startFunction(domain.name as FunctionName, { endpoint, project });
  });
  afterAll(async () => {
    await running?.stop();
    await topic?.close();
  });

  /** Sends events, right and wrong ones, in batches, and collects those that were accepted. */
  async function collect(type: string, events: readonly object[]) {
    const accepted = new Set<string>();
    for (let start = 0; start < events.length; start += 100) {
      const response = await fetch(`${running.url}/events/batch`, {
        method: "POST",
        headers: { "content-type": "application/json", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` },
        body: JSON.stringify(events.slice(start, start + 100)),
      });
      const { results } = (await response.json()) as { results: { status: number; event_id?: string }[] };
      for (const { status, event_id } of results) if (status === 202 && event_id) accepted.add(event_id);
    }
    // Events of other types have some of the same ids.
    const ofType = (all: TopicCollector["messages"]) => all.filter(({ attributes }) => attributes.event_type === type);
    const isThere = (all: TopicCollector["messages"]) => {
      const ids = new Set(ofType(all).map(({ attributes }) => attributes.event_id));
      return [...accepted].every((id) => ids.has(id));
    };
    return ofType(await topic.waitFor(isThere, 20_000));
  }

  function toValidators(event: DefinedEvent): {
    readonly data: ValidateFunction;
    readonly attributes: ValidateFunction;
  } {
    const { published, attributes } = toPicture(domain, event);
    // Each compiled once: the schemas have ids.
    return { data: ajv.compile(published), attributes: ajv.compile({ ...attributes, additionalProperties: false }) };
  }

  it.each(Object.values(domain.events))("agree on $type", async (event) => {
    const validators = toValidators(event);
    const drawn = fc.sample(anyEvent(event), { numRuns: EVENTS_PER_TYPE, seed: 7 });
    const { payload: _, ...bare } = event.sample;
    const faulty = { ...bare, payload: {} };
    const messages = await collect(event.type, [event.sample, faulty, ...listEdgeCases(event), ...drawn]);
    expect(messages.length).toBeGreaterThan(10);
    const isFaulty = messages.map(({ data, attributes, orderingKey }) => {
      const value = JSON.parse(data.toString());
      const picture = toPicture(domain, event);
      expect(orderingKey).toBe(value[picture.ordering_key]);
      validators.attributes(attributes);
      expect(validators.attributes.errors, JSON.stringify(attributes)).toBeNull();
      validators.data(value);
      const faults = (validators.data.errors ?? []).map(({ instancePath }) => instancePath);
      // A message that says nothing of its payload keeps to the schema; one that does breaks it there and nowhere else.
      if (attributes.payload_faults === undefined) expect(faults, data.toString().slice(0, 300)).toEqual([]);
      else expect(faults.filter((path) => !path.startsWith("/payload"))).toEqual([]);
      return attributes.payload_faults !== undefined;
    });
    expect(isFaulty).toContain(false);
    const isStrict = event.payload && !v.is(event.payload, {});
    if (picture(event) === "report" && isStrict) expect(isFaulty).toContain(true);
  });

  const picture = (event: DefinedEvent) => toPicture(domain, event).payload;
});
