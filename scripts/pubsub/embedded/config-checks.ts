import { status } from "@grpc/grpc-js";
import { type Duration, type Subscription, type Topic, toMs } from "../protocol.ts";
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
export function checkTopic({ name, labels = {}, messageRetentionDuration, schemaSettings, ...others }: Topic): Topic {
  if (schemaSettings?.schema) throw notFound(schemaSettings.schema);
  refuse(others);
  return {
    ...{ name, labels },
    ...(messageRetentionDuration && { messageRetentionDuration: checkRetention(messageRetentionDuration) }),
  };
}

/**
 * Checks what a subscription is created with.
 *
 * @returns the settings that the subscription has, as every answer shows them
 * @throws {RpcError} INVALID_ARGUMENT, UNIMPLEMENTED
 */
export function checkSubscription(request: Subscription): Subscription {
  const { name, topic, labels = {}, pushConfig, filter, expirationPolicy, retryPolicy, ...rest } = request;
  const { ackDeadlineSeconds: seconds, messageRetentionDuration: retention, enableMessageOrdering, ...more } = rest;
  const { retainAckedMessages, deadLetterPolicy, ...others } = more;
  refuse({ ...others, "pushConfig.pushEndpoint": pushConfig?.pushEndpoint });
  if (seconds) checkAckDeadline(seconds, 0);
  compileFilter(filter ?? "");
  const { ttl } = expirationPolicy ?? {};
  return {
    ...{ name, topic, labels },
    pushConfig: { attributes: pushConfig?.attributes ?? {} },
    ackDeadlineSeconds: seconds || DEFAULT_ACK_DEADLINE_SECONDS,
    messageRetentionDuration: checkRetention(retention ?? DEFAULT_RETENTION),
    ...(enableMessageOrdering && { enableMessageOrdering }),
    ...(filter && { filter }),
    // Nobody runs this server for a day: a subscription that may expire after one need not be watched.
    ...(expirationPolicy && {
      expirationPolicy: ttl ? { ttl: checkDuration("expiration_policy.ttl", ttl, DAY, Infinity) } : {},
    }),
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
  const minimum = checkDuration("retry_policy.minimum_backoff", minimumBackoff ?? { seconds: 10 }, 0, 10 * MINUTE);
  const maximum = checkDuration("retry_policy.maximum_backoff", maximumBackoff ?? { seconds: 600 }, 0, 10 * MINUTE);
  if (toMs(minimum) > toMs(maximum))
    throw invalidArgument("retry_policy.minimumBackoff is longer than maximumBackoff.");
  return { minimumBackoff: minimum, maximumBackoff: maximum };
}

function checkRetention(duration: Duration): Duration {
  return checkDuration("message_retention_duration", duration, 10 * MINUTE, 31 * DAY);
}

/** @returns it without a zero that the decoder has filled in: answers hold it no more than the service's do */
function checkDuration(name: string, duration: Duration, minimum: number, maximum: number): Duration {
  const seconds = toMs(duration) / 1000;
  if (!(seconds >= minimum && seconds <= maximum)) {
    throw invalidArgument(`Invalid ${name}: ${seconds} seconds; it must be from ${minimum} to ${maximum}.`);
  }
  return duration.nanos ? duration : { seconds: duration.seconds };
}

/** @throws {RpcError} UNIMPLEMENTED for the first setting that says something */
function refuse(settings: object): void {
  for (const [name, value] of Object.entries(settings)) {
    const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    const isSilent = !value || isEmpty || value === "STATE_UNSPECIFIED";
    if (!isSilent) throw new RpcError(status.UNIMPLEMENTED, `The embedded Pub/Sub server does not do ${name}.`);
  }
}
