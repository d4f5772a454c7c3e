import * as v from "valibot";
import { isJsonObject } from "../events/envelope.ts";
import { findEvent, type Registered } from "../events/registry.ts";
import type { Client, ClientOptions } from "./api.ts";
import { createClient } from "./client.ts";
import type { FieldError } from "./errors.ts";
import type { PulseCartEvent } from "./event-unions.ts";

/** What the producer says of one event: a status and whatever else its answer holds, such as `code` or `retryable`. */
export interface TestAnswer {
  readonly status: number;
  readonly [member: string]: unknown;
}

export interface TestClientOptions extends Omit<ClientOptions, "urls" | "baseUrl" | "token" | "gzip" | "fetch"> {
  /**
   * Answers for the producer. Undefined: as the producer would, which takes every good event. A status that is sent again
   * (503) is, until `timeoutMs` are over, here 1,000. What it throws is a connection that breaks.
   */
  readonly answer?: ((event: PulseCartEvent) => TestAnswer | undefined) | undefined;
}

/** A client that sends nothing. */
export interface TestClient extends Client {
  /** The events that were accepted, in order, with their ids. */
  readonly sent: PulseCartEvent[];
}

/** Makes a client for tests: it does all that a client does, and answers itself what the producer would. */
export function createTestClient({ answer, ...options }: TestClientOptions = {}): TestClient {
  const sent: PulseCartEvent[] = [];
  const toResult = (event: PulseCartEvent) => {
    const { status, ...members } = answer?.(event) ?? judge(event);
    const { event_id } = event;
    if (status !== 202) return { status, retryable: status >= 500, event_id, ...members };
    return { status, event_id, message_id: String(sent.push(event)), ...members };
  };
  const client = createClient({
    timeoutMs: 1000,
    ...options,
    baseUrl: "http://producer.test",
    async fetch(url, { body }) {
      const given = JSON.parse(body);
      const isBatch = url.endsWith("/batch");
      const results = (isBatch ? given : [given]).map(toResult);
      const status = isBatch ? 207 : results[0].status;
      return { status, headers: new Headers(), text: async () => JSON.stringify(isBatch ? { results } : results[0]) };
    },
  });
  return { ...client, sent };
}

/** What the registry says of an event. */
function judge(event: PulseCartEvent): TestAnswer {
  // The client itself refuses a type that is none.
  const { schema, payload, enforce } = (findEvent(event.event_type) as Registered).event;
  const errors = listFaults(schema, event);
  const warnings = payload && isJsonObject(event.payload) ? listFaults(payload, event.payload, "payload.") : [];
  if (enforce) errors.push(...warnings);
  if (errors.length > 0)
    return { status: 422, code: "invalid_event", detail: `${errors.length} fields are invalid`, errors };
  return { status: 202, ...(warnings.length > 0 && { warnings }) };
}

function listFaults(schema: v.GenericSchema, value: unknown, prefix = ""): FieldError[] {
  const { issues = [] } = v.safeParse(schema, value);
  return issues.map((issue) => ({ path: prefix + v.getDotPath(issue), message: issue.message }));
}
