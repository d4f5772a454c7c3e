import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { domains } from "../../../shared/events/registry.ts";
import { contractFingerprint } from "../../build/schemas/fingerprint.ts";
import type { ArrivedMessage } from "../../pubsub/open-subscription.ts";
import { type Answer, type Call, createCaller } from "./caller.ts";
import { type AcceptedEvent, findAttributeFault, findByteFault, findKeyFault } from "./check-message.ts";
import { createFaultyEvent, createProbeEvents, type ProbeEvent } from "./probe-events.ts";
import { CannotVerifyError, type Listener, type Subject } from "./subject.ts";
import { Verdict } from "./verdict.ts";

/** Sent one after the other, and then as one batch. */
const eventCount = 20;

/** How long is waited; a test waits less. */
export interface Patience {
  /** For a grant to be known, in milliseconds. */
  readonly grants?: number;
  /** Between two attempts, in milliseconds. */
  readonly pause?: number;
  /** For what was answered 202 to arrive, in milliseconds. */
  readonly arrival?: number;
}

interface Arrival extends ArrivedMessage {
  readonly arrivedAt: number;
}

const openListeners = new Set<Listener>();

/** Deletes the temporary subscriptions of the verifications that are under way. */
export async function closeListeners(): Promise<void> {
  await Promise.allSettled([...openListeners].map((listener) => listener.close()));
}

/**
 * Sends events to a function and compares what its answers promise with what arrives on its topic.
 *
 * The events carry a mark of this run, by which they alone are heard, and which keeps them from the provisioned subscriptions.
 *
 * @returns what was found out
 * @throws CannotVerifyError, GcloudError or ServiceError where it could not be
 */
export async function verifyFunction(subject: Subject, patience: Patience = {}): Promise<Verdict> {
  const mark = randomBytes(16).toString("hex");
  const verdict = new Verdict();
  const call = createCaller(subject, mark, { patience: patience.grants, pause: patience.pause });
  const health = await call("/health");
  if (health.status === 404 && health.body.code === undefined) {
    throw new CannotVerifyError(`${subject.url} is not to be reached from here: see --ingress of npm run deploy`);
  }
  checkHealth(subject, health, verdict);
  const userId = `verification-${mark}`;
  const domain = domains[subject.name];
  const refused = await call("/events/ingest", createFaultyEvent(domain));
  verdict.note(
    "refusal",
    refused.status === 422 && refused.body.code === "invalid_event" ? undefined : toShort(refused),
  );

  const arrivals: Arrival[] = [];
  const listener = await subject.listen(`attributes.verification="${mark}"`, (message) => {
    arrivals.push({ ...message, arrivedAt: performance.now() });
  });
  openListeners.add(listener);
  try {
    const singles = await sendSingly(call, createProbeEvents(domain, userId, mark, eventCount), verdict);
    const batch = await sendBatch(call, createProbeEvents(domain, userId, mark, eventCount), verdict);
    const accepted = [...singles, ...batch];
    const isComplete = () => accepted.every(({ messageId }) => hasArrived(arrivals, messageId));
    await waitFor(isComplete, patience.arrival ?? 30_000);
    const deafness = isComplete() ? undefined : listener.failure?.();
    if (deafness !== undefined) throw new CannotVerifyError(`the temporary subscription cannot be read: ${deafness}`);
    compare(subject, accepted, arrivals, mark, verdict);
  } finally {
    openListeners.delete(listener);
    await listener.close();
  }
  return verdict;
}

function checkHealth({ name }: Subject, { status, body }: Answer, verdict: Verdict): void {
  const isHealthy = status === 200 && body.status === "ok";
  verdict.note("health", isHealthy ? undefined : toShort({ status, body }));
  const wanted = contractFingerprint(name);
  verdict.note("contract", body.contract === wanted ? undefined : `it says ${body.contract}, the tree ${wanted}`);
}

async function sendSingly(call: Call, events: readonly ProbeEvent[], verdict: Verdict): Promise<AcceptedEvent[]> {
  const accepted: AcceptedEvent[] = [];
  for (const event of events) {
    const sentAt = performance.now();
    const answer = await call("/events/ingest", event.text);
    if (answer.status === 202) accepted.push(toAccepted(event, answer.body, sentAt, verdict));
    else verdict.note("accepted", toShort(answer));
  }
  return accepted;
}

async function sendBatch(call: Call, events: readonly ProbeEvent[], verdict: Verdict): Promise<AcceptedEvent[]> {
  const sentAt = performance.now();
  const { status, body } = await call("/events/batch", `[${events.map(({ text }) => text).join(",\n")}]`);
  const results = Array.isArray(body.results) ? (body.results as Readonly<Record<string, unknown>>[]) : [];
  if (status !== 202) verdict.note("accepted", toShort({ status, body: results.find((each) => each.code) ?? body }));
  else if (results.length !== events.length) verdict.note("accepted", `${results.length} results for ${events.length}`);
  return events.flatMap((event, index) => {
    const result = results[index];
    return result?.status === 202 ? [toAccepted(event, result, sentAt, verdict)] : [];
  });
}

function toAccepted(
  event: ProbeEvent,
  { event_id, message_id }: Readonly<Record<string, unknown>>,
  sentAt: number,
  verdict: Verdict,
): AcceptedEvent {
  if (event.eventId !== undefined && event_id !== event.eventId) verdict.note("accepted", "event_id is another one");
  return { ...event, promisedEventId: String(event_id), messageId: String(message_id), sentAt };
}

function compare(
  { shards }: Subject,
  accepted: readonly AcceptedEvent[],
  arrivals: readonly Arrival[],
  mark: string,
  verdict: Verdict,
): void {
  const order: number[] = [];
  for (const event of accepted) {
    // A message may be delivered again: the first time counts.
    const index = arrivals.findIndex(({ messageId }) => messageId === event.messageId);
    const message = arrivals[index];
    if (message === undefined) {
      verdict.note("arrival", `message ${event.messageId} did not`);
      continue;
    }
    order.push(index);
    verdict.latencies.push(message.arrivedAt - event.sentAt);
    verdict.note("bytes", findByteFault(event, message.data));
    verdict.note("key", findKeyFault(event, message, shards));
    verdict.note("attributes", findAttributeFault(event, message, mark));
  }
  const late = order.findIndex((index, position) => index < (order[position - 1] ?? -1));
  if (late > 0) verdict.note("order", `event ${late + 1} came before event ${late}`);
  if (order.length === 0) {
    for (const promise of ["bytes", "key", "attributes", "order"] as const) verdict.note(promise, "nothing arrived");
  }
}

function hasArrived(arrivals: readonly Arrival[], id: string): boolean {
  return arrivals.some(({ messageId }) => messageId === id);
}

async function waitFor(condition: () => boolean, milliseconds: number): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!condition() && performance.now() < deadline) await sleep(20);
}

function toShort({ status, body }: Answer): string {
  return `it answered ${status}${typeof body.code === "string" ? ` ${body.code}` : ""}`;
}
