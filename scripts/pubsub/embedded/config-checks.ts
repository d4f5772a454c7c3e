import { status } from "@grpc/grpc-js";
import type { Duration, Subscription, Topic } from "../protocol.ts";
import { compileFilter } from "./filter.ts";
import { invalidArgument, notFound, RpcError } from "./rpc-error.ts";

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

const DEFAULT_ACK_DEADLINE_SECONDS = 10;
const MAX_ACK_DEADLINE_SECONDS = 600;
/** The least, too. */
const DEFAULT_DELIVERY_ATTEMPTS = 5;
const MAX_DELIVERY_ATTEMPTS = 100;
const DEFAULT_RETENTION: Duration = { seconds: 7 * DAY };

type DeadLetterPolicy = NonNullable<Subscription["deadLetterPolicy"]>;

// What this server does not do it refuses: to take a setting and then ignore it would make a local run lie about the
// deployed one.

/**
 * Checks what a topic is created with.
 *
 * @returns the settings that the topic has, as every answer shows them
 * @throws {RpcError} INVALID_ARGUMENT, NOT_FOUND for a schema, UNIMPLEMENTED
 */
export function checkTopic({ name, labels, messageRetentionDuration: retention, ...rest }: Topic): Topic {
  const { schemaSettings, ...others } = rest;
  if (schemaSettings?.schema) throw notFound(schemaSettings.schema);
  refuse(others);
  if (retention) checkDuration("message_retention_duration", retention, 10 * MINUTE, 31 * DAY);
  return { name, labels: labels ?? {}, ...(retention && { messageRetentionDuration: trim(retention) }) };
}

/**
 * Checks what a subscription is created with.
 *
 * @returns the settings that the subscription has, as every answer shows them
 * @throws {RpcError} INVALID_ARGUMENT, UNIMPLEMENTED
 */
export function checkSubscription(request: Subscription): Subscription {
  const { name, topic, labels, pushConfig, filter, expirationPolicy, retryPolicy, ...rest } = request;
  const { ackDeadlineSeconds: seconds, messageRetentionDuration: retention, enableMessageOrdering, ...more } = rest;
  const { retainAckedMessages, deadLetterPolicy, ...others } = more;
  refuse({ ...others, "pushConfig.pushEndpoint": pushConfig?.pushEndpoint });
  if (seconds) checkAckDeadline(seconds, 0);
  if (retention) checkDuration("message_retention_duration", retention, 10 * MINUTE, 31 * DAY);
  // Nobody runs this server for a day: a subscription that may expire after one need not be watched.
  if (expirationPolicy?.ttl) checkDuration("expiration_policy.ttl", expirationPolicy.ttl, DAY, Infinity);
  compileFilter(filter ?? "");
  return {
    name,
    topic,
    labels: labels ?? {},
    pushConfig: { attributes: pushConfig?.attributes ?? {} },
    ackDeadlineSeconds: seconds || DEFAULT_ACK_DEADLINE_SECONDS,
    messageRetentionDuration: trim(retention ?? DEFAULT_RETENTION),
    ...(enableMessageOrdering && { enableMessageOrdering }),
    ...(filter && { filter }),
    ...(expirationPolicy && { expirationPolicy: expirationPolicy.ttl ? { ttl: trim(expirationPolicy.ttl) } : {} }),
    ...(retainAckedMessages && { retainAckedMessages }),
    ...(deadLetterPolicy && { deadLetterPolicy: checkDeadLetterPolicy(deadLetterPolicy) }),
    ...(retryPolicy && { retryPolicy: checkRetryPolicy(retryPolicy) }),
  };
}

/** @param minimum 0 where that gives a message back, 10 for a stream */
export function checkAckDeadline(seconds: number, minimum: number): void {
  if (seconds >= minimum && seconds <= MAX_ACK_DEADLINE_SECONDS) return;
  throw invalidArgument(
    `Invalid ack deadline given: ${seconds}; it must be from ${minimum} to ${MAX_ACK_DEADLINE_SECONDS} seconds.`,
  );
}

function checkDeadLetterPolicy({ deadLetterTopic, maxDeliveryAttempts }: DeadLetterPolicy): DeadLetterPolicy {
  const attempts = maxDeliveryAttempts || DEFAULT_DELIVERY_ATTEMPTS;
  if (attempts < DEFAULT_DELIVERY_ATTEMPTS || attempts > MAX_DELIVERY_ATTEMPTS) {
    throw new RpcError(
      status.OUT_OF_RANGE,
      `Invalid max_delivery_attempts: ${attempts}; it must be from ${DEFAULT_DELIVERY_ATTEMPTS} to ${MAX_DELIVERY_ATTEMPTS}.`,
    );
  }
  return { deadLetterTopic, maxDeliveryAttempts: attempts };
}

function checkRetryPolicy({ minimumBackoff, maximumBackoff }: NonNullable<Subscription["retryPolicy"]>) {
  const policy = {
    minimumBackoff: trim(minimumBackoff ?? { seconds: 10 }),
    maximumBackoff: trim(maximumBackoff ?? { seconds: 600 }),
  };
  for (const [name, backoff] of Object.entries(policy)) checkDuration(`retry_policy.${name}`, backoff, 0, 10 * MINUTE);
  if (toSeconds(policy.minimumBackoff) > toSeconds(policy.maximumBackoff)) {
    throw invalidArgument("retry_policy.minimumBackoff is longer than maximumBackoff.");
  }
  return policy;
}

function checkDuration(name: string, duration: Duration, minimum: number, maximum: number): void {
  const seconds = toSeconds(duration);
  if (seconds >= minimum && seconds <= maximum) return;
  throw invalidArgument(`Invalid ${name}: ${seconds} seconds; it must be from ${minimum} to ${maximum}.`);
}

/** Without a zero that the decoder has filled in: answers hold it no more than the service's do. */
function trim({ seconds, nanos }: Duration): Duration {
  return nanos ? { seconds, nanos } : { seconds };
}

function toSeconds({ seconds, nanos = 0 }: Duration): number {
  return seconds + nanos / 1e9;
}

/** @throws {RpcError} UNIMPLEMENTED for the first setting that says something */
function refuse(settings: object): void {
  for (const [name, value] of Object.entries(settings)) {
    const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    const isSilent = !value || isEmpty || value === "STATE_UNSPECIFIED";
    if (!isSilent) throw new RpcError(status.UNIMPLEMENTED, `The embedded Pub/Sub server does not do ${name}.`);
  }
}
