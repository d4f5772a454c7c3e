import type { ProblemCode } from "../../../shared/http/problem.ts";

/** What each problem means to a caller, in one sentence for readers of the OpenAPI document. */
export const explanations: Readonly<Record<ProblemCode, string>> = {
  malformed_json:
    "The body is empty, not JSON (`detail` says at which position), or not of the JSON type that is wanted.",
  missing_event_type: "`event_type` is missing, null or empty.",
  malformed_request: "The request is not well-formed HTTP, or its body ended early.",
  not_found: "There is nothing at this path.",
  method_not_allowed: "The path takes other methods; `Allow` names them.",
  request_timeout: "The request did not arrive in time.",
  payload_too_large: "The body is over the limit, as sent or as inflated.",
  unsupported_media_type: "The media type, charset or content encoding is not one that the path takes.",
  invalid_batch: "A batch must hold 1 to 1,000 events.",
  invalid_event: "The event breaks its schema; `errors` names every fault with its path.",
  unknown_event_type: "There is no such event type.",
  wrong_function: "The event type belongs to another function, which `detail` names.",
  headers_too_large: "The request's headers are too large.",
  internal: "Something unforeseen happened; sending the same event again may help.",
  misconfigured: "The producer is set up wrongly (topic or permission missing); send the same event again later.",
  publish_rejected: "Pub/Sub refuses this very event; sending it again does not help.",
  not_attempted: "An earlier event of the same user in the batch was not published; send this one after it.",
  overloaded: "The instance has as many events under way as it takes.",
  publish_unavailable: "Pub/Sub is unavailable or over quota; send the same event again.",
  shutting_down: "The instance is ending; send the request again.",
  publish_timeout: "Pub/Sub did not acknowledge in time; send the same event again, under the same `event_id`.",
};
