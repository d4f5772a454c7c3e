import { domains, functionNames } from "../../../shared/events/registry.ts";
import type { ProblemCode } from "../../../shared/http/problem.ts";
import { toPubSubNames } from "../../common/pubsub-resources.ts";
import { type BurnRate, fastFactor, toBurnRateQuery } from "./burn-rate.ts";
import { acceptedEvents, failures, markedEvents, refusedEvents, toSelector } from "./log-metrics.ts";

/** Of a code, the alert that its failures set off, or why nobody is told. */
type Watched = { readonly alert: Alert } | { readonly silent: string };

type Alert = "failures" | "slo" | "refusals";

const callersFault: Watched = { alert: "refusals" };
const noEvent: Watched = {
  silent: "Whoever sent it was told so; it is seldom an event, and often somebody who looks around.",
};

/** Every code that a function answers: a new one does not compile until somebody has decided who is told. */
export const alertsByCode: Readonly<Record<ProblemCode, Watched>> = {
  malformed_json: callersFault,
  missing_event_type: callersFault,
  malformed_request: noEvent,
  not_found: noEvent,
  method_not_allowed: noEvent,
  request_timeout: noEvent,
  payload_too_large: callersFault,
  unsupported_media_type: callersFault,
  invalid_batch: callersFault,
  invalid_event: callersFault,
  unknown_event_type: callersFault,
  wrong_function: callersFault,
  headers_too_large: noEvent,
  misconfigured: { alert: "failures" },
  publish_rejected: { alert: "failures" },
  internal: { alert: "failures" },
  // Callers send these again, with success in the end: worth waking somebody only when there are many.
  overloaded: { alert: "slo" },
  publish_unavailable: { alert: "slo" },
  publish_timeout: { alert: "slo" },
  shutting_down: { alert: "slo" },
  not_attempted: { silent: "An entry of a batch behind one that failed, whose own code has an alert." },
};

/** The codes that set off an alert. */
export function codesOf(alert: Alert): readonly ProblemCode[] {
  const entries = Object.entries(alertsByCode) as [ProblemCode, Watched][];
  return entries.filter(([, watched]) => "alert" in watched && watched.alert === alert).map(([code]) => code);
}

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
  /** Whether its time series are of event types, whose owners its text then names. */
  readonly isOfTypes?: true;
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
  return [
    toSloPolicy("slo-1h", "A month's error budget is gone in two days", "CRITICAL", {
      long: "1h",
      short: "5m",
      factor: fastFactor,
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
      // Counted up to ten minutes late.
      query: `sum by (service_name, event_type, code) (increase(${toSelector(failures, `code=~"${codesOf("failures").join("|")}"`)}[15m])) > 0`,
      isOfTypes: true,
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
      query: toBeginQuery(toSelector(markedEvents)),
      isOfTypes: true,
      duration: "0s",
      autoClose: aDay,
    },
    {
      id: "refusals",
      title: "A caller's events begin to be refused",
      severity: "WARNING",
      query: [toBeginQuery(refused), toShareQuery(), toJumpQuery(refused)].join("\nor "),
      isOfTypes: true,
      duration: "0s",
      autoClose: aDay,
    },
  ];
}

const refused = toSelector(refusedEvents, `code=~"${codesOf("refusals").join("|")}"`);

const sumOf = (selector: string, window: string) => `sum by (event_type, caller) (increase(${selector}[${window}))`;

/** What begins after a day without. Log lines are counted up to ten minutes late; who has had faults for a day is known. */
function toBeginQuery(selector: string): string {
  return `((${sumOf(selector, "15m]")} > 0)\nunless (${sumOf(selector, "1d] offset 15m")} > 0))`;
}

/** More than one in twenty of a caller's events of a type, and at least ten: too many for the usual slips. */
function toShareQuery(): string {
  const typed = sumOf(refused.replace("{", '{event_type!="",'), "15m]");
  const accepted = sumOf(toSelector(acceptedEvents), "15m]");
  return `((${typed} >= 10)\nand (${typed} > 0.05 * (${typed} + (${accepted} or 0 * ${typed}))))`;
}

/** In a quarter of an hour more than a tenth of what the day before had: as when a type is enforced whose faults were marked. */
function toJumpQuery(selector: string): string {
  const now = sumOf(selector, "15m]");
  return `((${now} >= 10)\nand (${now} > 0.1 * ${sumOf(selector, "1d] offset 15m")}))`;
}

/** A default subscription that nobody has ever read is no consumer's: only one where something was acknowledged in a week is. */
const isRead = `sum by (subscription_id) (increase(${toGauge("ack_message_count", "subscription")}[7d])) > 0`;

const unreadMessages: AlertPolicy = {
  id: "unread-messages",
  title: "A consumer does not keep up",
  severity: "ERROR",
  query: `max by (subscription_id) (${toGauge("oldest_unacked_message_age", "subscription")}) > 600\nand on (subscription_id) (${isRead})`,
  duration: "300s",
  autoClose: halfAnHour,
};

/** Writes a metric of one of each function's subscriptions, in PromQL. */
export function toGauge(metric: string, subscription: "kept" | "subscription"): string {
  const ids = functionNames.map((name) => toPubSubNames(domains[name].topic)[subscription].replaceAll(".", "[.]"));
  return `pubsub_googleapis_com:subscription_${metric}{monitored_resource="pubsub_subscription",subscription_id=~"${ids.join("|")}"}`;
}
