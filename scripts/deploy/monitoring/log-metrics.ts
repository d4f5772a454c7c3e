import { functionNames } from "../../../shared/events/registry.ts";

/** A metric made of log lines, with one time series for each combination of its labels' values. */
export interface LogMetric {
  readonly name: string;
  readonly description: string;
  /** Which lines it is made of, in Cloud Logging's query language. */
  readonly filter: string;
  /** Fields of the line that become labels. They must have few values: a label can never be taken back. */
  readonly labels: readonly ("event_type" | "code" | "caller")[];
  /** The field that is added up, by a distribution; where there is none, the lines are counted. */
  readonly sums?: "count";
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

/** Every event that a caller has to change, by what is wrong and who sent it. */
export const refusedEvents: LogMetric = {
  name: "pulsecart_events_refused",
  description: "Events that were refused, by event type, code and caller",
  filter: `${ofTheFunctions} AND severity=WARNING AND jsonPayload.message="Events refused"`,
  labels: ["event_type", "code", "caller"],
  sums: "count",
};

/** Events whose payload differs from a schema in report mode: accepted all the same, and marked. */
export const markedEvents: LogMetric = {
  name: "pulsecart_events_marked",
  description: "Accepted events whose payload differs from its schema, by event type and caller",
  filter: `${ofTheFunctions} AND severity=WARNING AND jsonPayload.message="Payload differs from its schema"`,
  labels: ["event_type", "caller"],
  sums: "count",
};

/** All accepted events, marked ones among them. */
export const acceptedEvents: LogMetric = {
  name: "pulsecart_events_accepted",
  description: "Accepted events, by event type and caller",
  filter: `${ofTheFunctions} AND jsonPayload.message="Events accepted"`,
  labels: ["event_type", "caller"],
  sums: "count",
};

export const logMetrics: readonly LogMetric[] = [failures, refusedEvents, markedEvents, acceptedEvents];

/**
 * Writes a metric as PromQL names it.
 *
 * @param conditions further label matchers, such as `code="internal"`
 */
export function toSelector({ name, sums }: LogMetric, ...conditions: readonly string[]): string {
  const matchers = ['monitored_resource="cloud_run_revision"', ...conditions];
  const series = sums === undefined ? name : `${name}_sum`;
  return `logging_googleapis_com:user_${series}{${matchers.join(",")}}`;
}
