import * as v from "valibot";
import { EVENT_ID, VERIFICATION } from "./envelope.ts";
import { MAX_ATTRIBUTE_BYTES, MAX_CALLER_BYTES } from "./limits.ts";

/** The field whose value is the ordering key of a message. */
export const ORDERING_KEY = "user_id";

/** The attributes of a message, for the documents and the tests. `event_type` is the event's own. */
export const attributes = v.looseObject({
  event_type: text("What happened: the event type."),
  event_id: text("The event's identity, the same as in its data: drop what you have seen already.", v.regex(EVENT_ID)),
  googclient_traceparent: v.optional(
    text(
      "The W3C trace context of the caller's request, where it had one.",
      v.regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
    ),
  ),
  payload_faults: v.optional(
    text(
      "The paths at which the payload breaks its schema, joined by one space. Subscribe with the filter `NOT attributes:payload_faults` to have none of these messages.",
      v.minLength(1),
      v.metadata({ maxLength: MAX_ATTRIBUTE_BYTES }),
    ),
  ),
  caller: v.optional(
    text(
      "The service account that sent the event, or `person`: where the platform checks the callers and could tell.",
      v.minLength(1),
      v.metadata({ maxLength: MAX_CALLER_BYTES }),
    ),
  ),
  redriven: v.optional(
    text("How often the event was brought back from the dead letters, where it was: 1 to 3.", v.regex(/^[1-3]$/)),
  ),
  verification: v.optional(
    text(
      "On what a deployment sends to check itself, and on nothing else: leave it out by a filter.",
      v.regex(VERIFICATION),
    ),
  ),
});

function text(description: string, ...rules: v.PipeItem<string, string, v.BaseIssue<unknown>>[]) {
  return v.pipe(v.string(), v.description<string, string>(description), ...rules);
}
