import { functionNames } from "../../../shared/events/registry.ts";

/** A metric that counts log lines, with one time series for each combination of its labels' values. */
export interface LogMetric {
  readonly name: string;
  readonly description: string;
  /** Which lines it counts, in Cloud Logging's query language. */
  readonly filter: string;
  /** Fields of the line that become labels. They must have few values: a label can never be taken back. */
  readonly labels: readonly ("event_type" | "code")[];
}

const services = functionNames.map((name) => `"${name}"`).join(" OR ");
const ofTheFunctions = `resource.type="cloud_run_revision" AND resource.labels.service_name=(${services})`;

/** Every event that was valid and could not be published, and every request that ended in a fault of ours. */
export const failures: LogMetric = {
  name: "pulsecart_failures",
  description: "Events and requests that failed through no fault of the caller, by event type and code",
  filter: `${ofTheFunctions} AND severity>=WARNING AND jsonPayload.message=("Event not published" OR "Request failed") AND jsonPayload.code:*`,
  labels: ["event_type", "code"],
};

/** One line stands for all faulty payloads of a type in that minute and instance: it says that, not how many. */
export const payloadFaults: LogMetric = {
  name: "pulsecart_payload_faults",
  description: "Log lines about accepted payloads that differ from their schema, by event type",
  filter: `${ofTheFunctions} AND severity=WARNING AND jsonPayload.message="Payload differs from its schema"`,
  labels: ["event_type"],
};

/** Accepted events, for the dashboard alone. A function that logs from `warning` on has none. */
export const acceptedEvents: LogMetric = {
  name: "pulsecart_accepted_events",
  description: "Accepted events by type, of the functions that log them",
  filter: `${ofTheFunctions} AND jsonPayload.message="Event accepted"`,
  labels: ["event_type"],
};

export const logMetrics: readonly LogMetric[] = [failures, payloadFaults, acceptedEvents];

/**
 * Writes a metric as PromQL names it.
 *
 * @param conditions further label matchers, such as `code="internal"`
 */
export function toSelector({ name }: LogMetric, ...conditions: readonly string[]): string {
  const matchers = ['monitored_resource="cloud_run_revision"', ...conditions];
  return `logging_googleapis_com:user_${name}{${matchers.join(",")}}`;
}
