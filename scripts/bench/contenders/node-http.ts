import { createServer } from "node:http";
import { PubSub } from "@google-cloud/pubsub";

// (b) The floor of the client: no framework, no validation, no log; the event's bytes go out as they came in.
const { GCP_PROJECT_ID = "", PORT } = process.env;
const topic = new PubSub({ projectId: GCP_PROJECT_ID }).topic("pulsecart.commerce-events", {
  messageOrdering: true,
  batching: { maxMilliseconds: 0 },
});

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", async () => {
    const data = Buffer.concat(chunks);
    const event: { user_id: string } = JSON.parse(data.toString());
    const messageId = await topic.publishMessage({ data, orderingKey: event.user_id });
    const answer = JSON.stringify({ status: "accepted", message_id: messageId });
    response.writeHead(202, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.listen(Number(PORT));
