import { functionNames } from "../../../shared/events/registry.ts";
import { toGauge } from "./alert-policies.ts";
import { acceptedEvents, failures, markedEvents, refusedEvents, toSelector } from "./log-metrics.ts";

const services = `monitored_resource="cloud_run_revision",service_name=~"${functionNames.join("|")}"`;

function toQuantile(quantile: number): string {
  return `histogram_quantile(${quantile}, sum by (service_name, le) (rate(run_googleapis_com:request_latencies_bucket{${services}}[5m])))`;
}

/** Each chart's title and its lines in PromQL. */
const charts: readonly (readonly [title: string, ...queries: string[]])[] = [
  [
    "Answers a second, by class",
    `sum by (service_name, response_code_class) (rate(run_googleapis_com:request_count{${services}}[5m]))`,
  ],
  ["Latency, p50 and p99 (ms)", toQuantile(0.5), toQuantile(0.99)],
  [
    "Instances",
    `sum by (service_name, state) (max_over_time(run_googleapis_com:container_instance_count{${services}}[5m]))`,
  ],
  ["Accepted events a second, by type", `sum by (event_type) (rate(${toSelector(acceptedEvents)}[5m]))`],
  ["Failures a minute, by code", `60 * sum by (code) (rate(${toSelector(failures)}[5m]))`],
  [
    "Refused events an hour, by caller and type",
    `sum by (caller, event_type) (increase(${toSelector(refusedEvents)}[1h]))`,
  ],
  [
    "Marked events an hour, by caller and type",
    `sum by (caller, event_type) (increase(${toSelector(markedEvents)}[1h]))`,
  ],
  [
    "Backlog: messages not acknowledged",
    `sum by (subscription_id) (${toGauge("num_undelivered_messages", "subscription")})`,
  ],
  [
    "Backlog: age of the oldest message (s)",
    `max by (subscription_id) (${toGauge("oldest_unacked_message_age", "subscription")})`,
  ],
  ["Dead letters that wait", `sum by (subscription_id) (${toGauge("num_undelivered_messages", "kept")})`],
];

const columns = 48;
const width = columns / 3;
const height = 16;

/** The dashboard in Cloud Monitoring's own words: three charts a row. */
export const dashboard = {
  displayName: "PulseCart producer",
  mosaicLayout: {
    columns,
    tiles: charts.map(([title, ...queries], index) => ({
      // What is 0 is left out, as the server leaves it out.
      ...(index % 3 > 0 && { xPos: (index % 3) * width }),
      ...(index >= 3 && { yPos: Math.floor(index / 3) * height }),
      width,
      height,
      widget: {
        title,
        xyChart: {
          dataSets: queries.map((prometheusQuery) => ({ timeSeriesQuery: { prometheusQuery }, plotType: "LINE" })),
        },
      },
    })),
  },
};
