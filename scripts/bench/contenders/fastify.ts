import { randomUUID } from "node:crypto";
import { PubSub } from "@google-cloud/pubsub";
import fastify, { LogController } from "fastify";

// (c) What a good engineer would put on Cloud Run instead: Fastify, a JSON schema for request and response, pino with one
// line an event in place of Fastify's two a request, a failed ordering key resumed.

interface OrderEvent {
  event_type: string;
  event_id?: string;
  timestamp?: string;
  user_id: string;
  [field: string]: unknown;
}

const { GCP_PROJECT_ID = "", PORT } = process.env;
const topic = new PubSub({ projectId: GCP_PROJECT_ID }).topic("pulsecart.commerce-events", {
  messageOrdering: true,
  batching: { maxMilliseconds: 0 },
});

const id = { type: "string", minLength: 1, maxLength: 1024 };
const envelope = {
  event_id: { type: "string", pattern: "^[A-Za-z0-9._:-]{1,128}$" },
  timestamp: { type: "string", format: "date-time" },
  user_id: id,
  payload: { type: "object" },
};
const body = {
  type: "object",
  required: ["event_type", "user_id", "payload"],
  properties: { event_type: { enum: ["order.placed", "cart.abandoned", "payment.failed"] }, ...envelope },
  if: { properties: { event_type: { const: "cart.abandoned" } } },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
  then: { required: ["session_id"], properties: { session_id: id } },
  else: { required: ["order_id"], properties: { order_id: id } },
};
const accepted = {
  type: "object",
  properties: { status: { type: "string" }, event_id: { type: "string" }, message_id: { type: "string" } },
};

const app = fastify({
  logger: true,
  logController: new LogController({ disableRequestLogging: true }),
  bodyLimit: 9 * 1024 * 1024,
});

app.post<{ Body: OrderEvent }>("/", { schema: { body, response: { 202: accepted } } }, async (request, reply) => {
  const event = request.body;
  event.event_id ??= `evt_${randomUUID()}`;
  event.timestamp ??= new Date().toISOString();
  const { event_type, event_id, user_id } = event;
  try {
    const message_id = await topic.publishMessage({
      json: event,
      orderingKey: user_id,
      attributes: { event_type, event_id },
    });
    request.log.info({ event_type, event_id, message_id }, "Event accepted");
    reply.code(202);
    return { status: "accepted", event_id, message_id };
  } catch (error) {
    topic.resumePublishing(user_id);
    request.log.error({ event_type, event_id, error }, "Event not published");
    reply.code(503);
    return { code: "publish_unavailable", event_id };
  }
});

app.listen({ port: Number(PORT), host: "0.0.0.0" });
