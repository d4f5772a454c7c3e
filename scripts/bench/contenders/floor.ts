import { createServer } from "node:http";
import { connect } from "node:http2";

// (f) The floor of what is done for an event: `node:http` in, one gRPC call out over a raw HTTP/2 session, one answer. No
// client, no framework, nothing checked, no retry.

const { GCP_PROJECT_ID = "", PORT, PUBSUB_EMULATOR_HOST } = process.env;
const headers = {
  ":method": "POST",
  ":path": "/google.pubsub.v1.Publisher/Publish",
  te: "trailers",
  "content-type": "application/grpc",
};
const topic = toField(1, Buffer.from(`projects/${GCP_PROJECT_ID}/topics/pulsecart.commerce-events`));
const USER_ID = '"user_id":"';
/** Of a gRPC message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

const session = connect(`http://${PUBSUB_EMULATOR_HOST}`);

/** A field of bytes in protobuf. */
function toField(number: number, value: Buffer): Buffer {
  const head = [number * 8 + 2];
  let length = value.length;
  for (; length > 127; length = Math.floor(length / 128)) head.push((length % 128) + 128);
  return Buffer.concat([Buffer.from([...head, length]), value]);
}

/** A `PublishRequest` with one message, of which only data and ordering key are set. */
function toPublishRequest(data: Buffer): Buffer {
  const start = data.indexOf(USER_ID) + USER_ID.length;
  const userId = data.subarray(start, data.indexOf('"', start));
  const message = toField(2, Buffer.concat([toField(1, data), toField(5, userId)]));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(topic.length + message.length, 1);
  return Buffer.concat([prefix, topic, message]);
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const call = session.request(headers);
    const answers: Buffer[] = [];
    call.on("data", (chunk: Buffer) => answers.push(chunk));
    call.on("end", () => {
      // Behind the prefix: the field's number and length, then the message's id.
      const messageId = Buffer.concat(answers).toString("latin1", PREFIX_BYTES + 2);
      const answer = `{"status":"accepted","message_id":"${messageId}"}`;
      response.writeHead(202, { "Content-Type": "application/json", "Content-Length": answer.length });
      response.end(answer);
    });
    call.end(toPublishRequest(Buffer.concat(chunks)));
  });
});
server.listen(Number(PORT));
