import { domains, functionNames } from "../../../shared/events/registry.ts";
import { toPubSubNames } from "../../common/pubsub-resources.ts";
import { codesOf } from "./alerts-by-code.ts";
import { type BurnRate, toBurnRateQuery } from "./burn-rate.ts";
import { failures, payloadFaults, toSelector } from "./log-metrics.ts";

/** One alert: when somebody is told, and how urgently. What to do then is the section of its title in the runbook. */
export interface AlertPolicy {
  /** Finds the policy again: its name is the server's. */
  readonly id: string;
  /** The heading of its section in docs/operations.md. */
  readonly title: string;
  readonly severity: "CRITICAL" | "ERROR" | "WARNING";
  /** PromQL: each time series that it returns is an incident. */
  readonly query: string;
  /** How long the query must return it. */
  readonly duration: string;
  /** When an incident ends of which nothing more is heard. */
  readonly autoClose: string;
}

const halfAnHour = "1800s";
const aDay = "86400s";

function toSloPolicy(id: string, title: string, severity: AlertPolicy["severity"], rate: BurnRate): AlertPolicy {
  return { id, title, severity, query: toBurnRateQuery(rate), duration: "0s", autoClose: halfAnHour };
}

/**
 * Lists the alerts.
 *
 * @param withSubscriptions whether the topics have default subscriptions, whose backlog can be watched
 */
export function listAlertPolicies(withSubscriptions: boolean): readonly AlertPolicy[] {
  const faulty = `sum by (event_type) (increase(${toSelector(payloadFaults)}`;
  return [
    toSloPolicy("slo-1h", "A month's error budget is gone in two days", "CRITICAL", {
      long: "1h",
      short: "5m",
      factor: 14.4,
    }),
    toSloPolicy("slo-6h", "A month's error budget is gone in five days", "ERROR", {
      long: "6h",
      short: "30m",
      factor: 6,
    }),
    toSloPolicy("slo-24h", "A month's error budget is gone in ten days", "WARNING", {
      long: "24h",
      short: "2h",
      factor: 3,
    }),
    {
      id: "failures",
      title: "Events fail until somebody acts",
      severity: "CRITICAL",
      query: `sum by (service_name, event_type, code) (increase(${toSelector(failures, `code=~"${codesOf("failures").join("|")}"`)}[10m])) > 0`,
      duration: "0s",
      autoClose: halfAnHour,
    },
    {
      id: "dead-letters",
      title: "Dead letters wait",
      severity: "ERROR",
      query: `sum by (subscription_id) (${toGauge("num_undelivered_messages", "kept")}) > 0`,
      duration: "0s",
      autoClose: aDay,
    },
    ...(withSubscriptions ? [unreadMessages] : []),
    {
      id: "payload-faults",
      title: "Payloads of a type begin to differ from their schema",
      severity: "WARNING",
      // Log lines are counted up to ten minutes late. A type that has had faults for a day is known.
      query: `(${faulty}[15m])) > 0)\nunless (${faulty}[1d] offset 15m)) > 0)`,
      duration: "0s",
      autoClose: aDay,
    },
  ];
}

const unreadMessages: AlertPolicy = {
  id: "unread-messages",
  title: "A consumer does not keep up",
  severity: "ERROR",
  query: `max by (subscription_id) (${toGauge("oldest_unacked_message_age", "subscription")}) > 600`,
  duration: "300s",
  autoClose: halfAnHour,
};

/** Writes a metric of one of each function's subscriptions, in PromQL. */
export function toGauge(metric: string, subscription: "kept" | "subscription"): string {
  const ids = functionNames.map((name) => toPubSubNames(domains[name].topic)[subscription].replaceAll(".", "[.]"));
  return `pubsub_googleapis_com:subscription_${metric}{monitored_resource="pubsub_subscription",subscription_id=~"${ids.join("|")}"}`;
}
