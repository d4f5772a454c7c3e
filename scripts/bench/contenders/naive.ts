import { randomUUID } from "node:crypto";
import { http } from "@google-cloud/functions-framework";
import { PubSub } from "@google-cloud/pubsub";
import * as v from "valibot";

// (d) The straightforward port: functions-framework as it comes parses the body, valibot checks it, the high-level client
// publishes it, one JSON line says so. Deployed as it is, without a bundler.

const id = v.pipe(v.string(), v.minLength(1), v.maxBytes(1024));
const envelope = {
  event_id: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._:-]{1,128}$/))),
  timestamp: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  user_id: id,
  payload: v.record(v.string(), v.unknown()),
};
const commerceEvent = v.variant("event_type", [
  v.looseObject({ event_type: v.literal("order.placed"), ...envelope, order_id: id }),
  v.looseObject({ event_type: v.literal("cart.abandoned"), ...envelope, session_id: id }),
  v.looseObject({ event_type: v.literal("payment.failed"), ...envelope, order_id: id }),
]);

const pubsub = new PubSub({ projectId: process.env.GCP_PROJECT_ID ?? "" });
const topic = pubsub.topic("pulsecart.commerce-events", {
  messageOrdering: true,
  batching: { maxMilliseconds: 0 },
});

http("commerce", async (request, response) => {
  const result = v.safeParse(commerceEvent, request.body);
  if (!result.success) {
    const errors = result.issues.map((issue) => ({ path: v.getDotPath(issue), message: issue.message }));
    response.status(422).json({ code: "invalid_event", errors });
    return;
  }
  const event = {
    ...result.output,
    event_id: result.output.event_id ?? `evt_${randomUUID().replaceAll("-", "")}`,
    timestamp: result.output.timestamp ?? new Date().toISOString(),
  };
  const { event_type, event_id, user_id } = event;
  try {
    const message_id = await topic.publishMessage({
      data: Buffer.from(JSON.stringify(event)),
      orderingKey: user_id,
      attributes: { event_type, event_id },
    });
    console.log(JSON.stringify({ severity: "INFO", message: "Event accepted", event_type, event_id, message_id }));
    response.status(202).json({ status: "accepted", event_id, message_id });
  } catch (error) {
    topic.resumePublishing(user_id);
    console.error(JSON.stringify({ severity: "ERROR", message: "Event not published", event_id, error: `${error}` }));
    response.status(503).json({ code: "publish_unavailable", event_id });
  }
});
