import type { ProblemCode } from "../../../shared/http/problem.ts";

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
