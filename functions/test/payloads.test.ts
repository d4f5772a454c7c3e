import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { collectTopic, type TopicCollector } from "../../scripts/pubsub/collect-topic.ts";
import { buildEnforced } from "../../scripts/testing/enforced-function.ts";
import { type FunctionProcess, startFunction } from "../../scripts/testing/function-process.ts";
import type { DefinedEvent, Domain } from "../../shared/events/domain.ts";
import { domains, type FunctionName } from "../../shared/events/registry.ts";

const endpoint = inject("pubsub");

/** A payload whose every member breaks its schema, as JSON text, and the members in the schema's order. */
function breakPayload({ payload }: DefinedEvent): readonly [payload: string, paths: readonly string[]] {
  const { entries = {} } = (payload ?? {}) as { entries?: v.ObjectEntries };
  const wrong = Object.entries(entries).flatMap(([name, schema]) => {
    const isWrong = (value: unknown) =>
      v.safeParse(schema as v.GenericSchema, value).issues?.every(({ path }) => !path);
    const found = [0.5, "", "x", true, null].filter(isWrong).slice(0, 1);
    return found.map((value) => [name, value] as const);
  });
  return [JSON.stringify(Object.fromEntries(wrong)), wrong.map(([name]) => name)];
}

interface Answer {
  readonly status: number;
  readonly body: {
    readonly status?: unknown;
    readonly code?: string;
    readonly detail?: string;
    readonly event_id?: string;
    readonly errors?: readonly { path: string; message: string }[];
    readonly warnings?: readonly { path: string; message: string }[];
    readonly warnings_omitted?: number;
    readonly errors_omitted?: number;
    readonly results?: readonly Answer["body"][];
  };
}

const pathsOf = (faults: Answer["body"]["warnings"]) => faults?.map(({ path }) => path);

const tested = Object.values<Domain>(domains).filter(({ events }) =>
  Object.values(events).some((event) => breakPayload(event)[1].length > 0),
);

describe.each(tested)("payloads of $name", (domain) => {
  const name = domain.name as FunctionName;
  const project = `payloads-${randomUUID().slice(0, 8)}`;
  const events = Object.values(domain.events).flatMap((event) => {
    const [payload, paths] = breakPayload(event);
    if (paths.length === 0) return [];
    const { payload: _, ...envelope } = event.sample;
    const wrong = (eventId: string) =>
      `{"payload":${payload},"event_id":"${eventId}",${JSON.stringify(envelope).slice(1)}`;
    return { type: event.type, sample: event.sample, wrong, paths: paths.map((path) => `payload.${path}`) };
  });
  let topic: TopicCollector;
  let enforced: Awaited<ReturnType<typeof buildEnforced>>;
  let reporting: FunctionProcess;
  let enforcing: FunctionProcess;
  let switchedToReport: FunctionProcess;
  let switchedOff: FunctionProcess;

  beforeAll(async () => {
    topic = await collectTopic(endpoint, project, domain.topic);
    enforced = await buildEnforced(name);
    const { source } = enforced;
    // Whatever the registry enforces today.
    reporting = await startFunction(name, { endpoint, project, env: { PAYLOAD_CHECKS: "report" } });
    enforcing = await startFunction(name, { endpoint, project, source });
    switchedToReport = await startFunction(name, { endpoint, project, source, env: { PAYLOAD_CHECKS: "report" } });
    switchedOff = await startFunction(name, { endpoint, project, source, env: { PAYLOAD_CHECKS: "off" } });
  });
  afterAll(async () => {
    await Promise.all([reporting, enforcing, switchedToReport, switchedOff].map((running) => running?.stop()));
    await enforced?.remove();
    await topic?.close();
  });

  const post = async (
    running: FunctionProcess,
    path: string,
    body: string,
    type = "application/json",
  ): Promise<Answer> => {
    const response = await fetch(running.url + path, { method: "POST", body, headers: { "content-type": type } });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  };
  const findArrived = async (eventId: string) => {
    const isWanted = ({ attributes }: { attributes: Record<string, string> }) => attributes.event_id === eventId;
    return (await topic.waitFor((all) => all.some(isWanted))).find(isWanted);
  };
  const countOnce = (paths: readonly string[]) => Object.fromEntries(paths.map((path) => [path, 1]));
  const newId = () => `test:${randomUUID()}`;

  it.each(events)("$type: a sample has no warnings, alone, in a batch, checked or enforced", async ({ sample }) => {
    const text = JSON.stringify({ ...sample, event_id: newId() });
    expect((await post(reporting, "/", text)).body).not.toHaveProperty("warnings");
    expect((await findArrived(JSON.parse(text).event_id))?.attributes).not.toHaveProperty("payload_faults");
    const { status, body } = await post(enforcing, "/events/batch", `[${JSON.stringify(sample)}]`);
    expect([status, body.results?.[0]?.warnings]).toEqual([202, undefined]);
    expect((await post(enforcing, "/events/validate", text)).body).toEqual({ status: "valid" });
    expect((await post(enforcing, "/events/validate", `[${text}]`)).body).toEqual({ results: [{ status: 200 }] });
  });

  it.each(events)(
    "$type: in report mode faults are accepted, published as sent, and said",
    async ({ wrong, paths, type }) => {
      for (const running of [reporting, switchedToReport]) {
        const eventId = newId();
        const { status, body } = await post(running, "/events/ingest", wrong(eventId));
        expect([status, body.status, pathsOf(body.warnings)]).toEqual([202, "accepted", paths]);
        expect(body).not.toHaveProperty("warnings_omitted");
        const arrived = await findArrived(eventId);
        expect(arrived?.attributes.payload_faults).toBe(paths.join(" "));
        // The timestamp is added in front of what was sent.
        expect(arrived?.data.toString().endsWith(wrong(eventId).slice(1))).toBe(true);
        const line = await vi.waitUntil(
          () =>
            running.logs.find(
              (entry) => entry.message === "Payload differs from its schema" && entry.event_type === type,
            ),
          { timeout: 10_000 },
        );
        expect(line).toMatchObject({ severity: "WARNING", count: 1, paths: countOnce(paths) });
      }
    },
  );

  it.each(events)(
    "$type: in report mode the entries of a batch have their warnings, as JSON or NDJSON",
    async (event) => {
      const { sample, wrong, paths, type } = event;
      for (const isLines of [false, true]) {
        const ids = [newId(), newId()];
        const all = [wrong(ids[0] as string), JSON.stringify({ ...sample, event_id: ids[1] })];
        const batch = isLines ? all.join("\n") : `[${all.join()}]`;
        const mediaType = isLines ? "application/x-ndjson" : "application/json";
        const { status, body } = await post(reporting, "/events/batch", batch, mediaType);
        expect(status).toBe(202);
        expect(body.results?.map(({ event_id, warnings }) => [event_id, pathsOf(warnings)])).toEqual([
          [ids[0], paths],
          [ids[1], undefined],
        ]);
        expect((await findArrived(ids[0] as string))?.attributes.payload_faults).toBe(paths.join(" "));
        expect((await findArrived(ids[1] as string))?.attributes).not.toHaveProperty("payload_faults");
        const checked = await post(reporting, "/events/validate", batch, mediaType);
        expect(checked.status).toBe(200);
        expect(checked.body.results?.map(({ warnings }) => pathsOf(warnings))).toEqual([paths, undefined]);
      }
      const checked = await post(reporting, "/events/validate", wrong(newId()));
      expect([checked.status, checked.body.status, pathsOf(checked.body.warnings)]).toEqual([200, "valid", paths]);
      const lines = reporting.logs.filter((entry) => entry.message === "Payload differs from its schema");
      expect(lines.filter((entry) => entry.event_type === type)).toHaveLength(1);
    },
  );

  it.each(events)("$type: in enforce mode the same faults are refused, together with the envelope's", async (event) => {
    const { sample, wrong, paths } = event;
    const eventId = newId();
    const text = wrong(eventId);
    for (const path of ["/", "/events/ingest", "/events/validate"]) {
      const { status, body } = await post(enforcing, path, text);
      expect([status, body.code, pathsOf(body.errors)]).toEqual([422, "invalid_event", paths]);
      expect(body).not.toHaveProperty("warnings");
      expect(body.detail).toMatch(new RegExp(`^${paths.length} `));
    }
    const { body } = await post(enforcing, "/", text.replace(/"user_id":"[^"]*"/, '"user_id":""'));
    expect(pathsOf(body.errors)?.toSorted()).toEqual(["user_id", ...paths].toSorted());
    for (const [path, good] of [
      ["/events/batch", 202],
      ["/events/validate", 200],
    ] as const) {
      const batch = await post(enforcing, path, `[${text},${JSON.stringify(sample)}]`);
      expect([batch.status, batch.body.results?.map((entry) => [entry.status, pathsOf(entry.errors)])]).toEqual([
        207,
        [
          [422, paths],
          [good, undefined],
        ],
      ]);
    }
    const refused = await vi.waitUntil(
      () => enforcing.logs.find((line) => line.message === "Event refused" && line.event_id === eventId),
      { timeout: 10_000 },
    );
    expect(refused).toMatchObject({ event_type: event.type, code: "invalid_event", paths: paths.join(" ") });
    expect(topic.messages.some(({ attributes }) => attributes.event_id === eventId)).toBe(false);
  });

  it.each(events)(
    "$type: an envelope that is refused says what is wrong with the payload as well",
    async ({ wrong, paths }) => {
      const { status, body } = await post(reporting, "/", wrong(newId()).replace(/"user_id":"[^"]*"/, '"user_id":""'));
      expect([status, pathsOf(body.errors), pathsOf(body.warnings)]).toEqual([422, ["user_id"], paths]);
    },
  );

  it.each(events)("$type: switched off, nothing of a payload is looked at", async ({ wrong }) => {
    const eventId = newId();
    const { status, body } = await post(switchedOff, "/", wrong(eventId));
    expect([status, Object.keys(body)]).toEqual([202, ["status", "event_id", "message_id"]]);
    expect((await findArrived(eventId))?.attributes).not.toHaveProperty("payload_faults");
  });

  it.each(events)("$type: a payload that is no object is refused in every mode", async ({ wrong }) => {
    for (const running of [reporting, enforcing, switchedOff]) {
      for (const payload of ["[]", "null", '"x"', "1"]) {
        const text = `${wrong(newId()).slice(0, -1)}}`.replace(
          /^\{"payload":.*?,"event_id"/s,
          `{"payload":${payload},"event_id"`,
        );
        const { status, body } = await post(running, "/", text);
        expect([status, pathsOf(body.errors), body.warnings]).toEqual([422, ["payload"], undefined]);
      }
    }
  });

  if (domain.name === "commerce") {
    it("says every fault of an event that is refused, and of many in a batch how many are left out", async () => {
      const text = (items: number) =>
        `{"event_type":"cart.abandoned","user_id":"u","session_id":"s","payload":{"cart_id":"c","items":[${Array(items).fill("{}").join()}]}}`;
      const paths = Array.from({ length: 500 }, (_, i) => [
        `payload.items.${i}.product_id`,
        `payload.items.${i}.quantity`,
      ]).flat();
      const alone = await post(enforcing, "/", text(500));
      expect([alone.status, pathsOf(alone.body.errors)]).toEqual([422, paths]);
      expect(alone.body.detail).toMatch(/^1000 /);
      for (const isLines of [false, true]) {
        const all = [...Array<string>(10).fill(text(500)), text(500), text(10)];
        const batch = isLines ? all.join("\n") : `[${all.join()}]`;
        const mediaType = isLines ? "application/x-ndjson" : "application/json";
        const { status, body } = await post(enforcing, "/events/batch", batch, mediaType);
        expect([status, body.results?.map((entry) => [entry.errors?.length, entry.errors_omitted])]).toEqual([
          422,
          [...Array(10).fill([1000, undefined]), [20, 980], [20, undefined]],
        ]);
        expect(body.results?.[10]?.detail).toMatch(/^1000 .*; the first 20 are listed\.$/);
      }
    });

    it("says the first twenty faults, and as many whole paths as an attribute holds", async () => {
      const items = Array.from({ length: 100 }, () => "{}").join();
      const eventId = newId();
      const text = `{"event_type":"cart.abandoned","event_id":"${eventId}","user_id":"u","session_id":"s","payload":{"cart_id":"c","items":[${items}]}}`;
      const { body } = await post(reporting, "/", text);
      const paths = Array.from({ length: 100 }, (_, i) => [
        `payload.items.${i}.product_id`,
        `payload.items.${i}.quantity`,
      ]).flat();
      expect(pathsOf(body.warnings)).toEqual(paths.slice(0, 20));
      expect(body.warnings_omitted).toBe(180);
      const attribute = (await findArrived(eventId))?.attributes.payload_faults ?? "";
      expect(Buffer.byteLength(attribute)).toBeLessThanOrEqual(1024);
      const listed = attribute.split(" ");
      expect(listed).toEqual(paths.slice(0, listed.length));
      expect(Buffer.byteLength(attribute) + 1 + Buffer.byteLength(paths[listed.length] as string)).toBeGreaterThan(
        1024,
      );
    });

    it("judges all items of an array that is too long, which is one more fault", async () => {
      const item = '{"product_id":"p","quantity":1}';
      const wrongItem = '{"product_id":"p","quantity":0}';
      const send = async (items: string[]) => {
        const text = `{"event_type":"cart.abandoned","user_id":"u","session_id":"s","payload":{"cart_id":"c","items":[${items.join()}]}}`;
        return pathsOf((await post(reporting, "/events/validate", text)).body.warnings);
      };
      expect(await send(Array(500).fill(item))).toBeUndefined();
      expect(await send(Array(501).fill(item))).toEqual(["payload.items"]);
      expect(await send([...Array(500).fill(item), wrongItem])).toEqual([
        "payload.items.500.quantity",
        "payload.items",
      ]);
      expect(await send([wrongItem, ...Array(500).fill(item)])).toEqual(["payload.items.0.quantity", "payload.items"]);
    });

    it("does not check a payload of more than 10,000 values", async () => {
      const order = domains.commerce.events["order.placed"].sample;
      const message = "has more than 10,000 values, so it is not checked";
      // The sample's payload without its shipping has 7 values; "a" is one more.
      for (const [values, faults] of [
        [9992, undefined],
        [9993, [{ path: "payload", message }]],
      ] as const) {
        const eventId = newId();
        const payload = { ...(order.payload as object), shipping: undefined, a: Array(values).fill("") };
        const text = JSON.stringify({ ...order, event_id: eventId, payload });
        const reported = await post(reporting, "/", text);
        expect([reported.status, reported.body.warnings]).toEqual([202, faults]);
        const arrived = await findArrived(eventId);
        expect(arrived?.attributes.payload_faults).toBe(faults && "payload");
        expect(arrived?.data.length).toBeGreaterThan(text.length);
        const enforced = await post(enforcing, "/events/validate", text);
        expect([enforced.status, enforced.body.errors]).toEqual([faults ? 422 : 200, faults]);
        const batch = await post(enforcing, "/events/batch", `[${text.replace("test:", "again:")}]`);
        expect(batch.body.results?.[0]?.errors).toEqual(faults);
        expect((await post(switchedOff, "/events/validate", text)).body).toEqual({ status: "valid" });
      }
    });

    it("judges numbers as doubles, and delivers their digits", async () => {
      const order = domains.commerce.events["order.placed"].sample;
      const send = async (total: string) => {
        const eventId = newId();
        const text = JSON.stringify({ ...order, event_id: eventId }).replace('"total":89.99', `"total":${total}`);
        const { body } = await post(reporting, "/", text);
        expect((await findArrived(eventId))?.data.toString()).toContain(`"total":${total}`);
        return body.warnings;
      };
      expect(await send("89.9000000000000000001")).toBeUndefined();
      expect(await send("9007199254740993")).toBeUndefined();
      expect(await send("1e400")).toEqual([{ path: "payload.total", message: "is beyond the range of a double" }]);
      expect(await send('1,"total":"x"')).toEqual([{ path: "payload.total", message: "must be a number" }]);
      expect(await send('"x","\\u0074otal":2')).toBeUndefined();
    });
  }
});
