"use strict";

// `npm run gcp-build` in a staged function: Google's buildpack runs it after `npm ci`, with the Node that will serve.
//
// Runs the function up to its first answers, as a cold start does, and writes what V8 has compiled by then beside the bundle.
// Whatever happens it ends with 0: without its cache the function starts slower and is the same.

const { spawnSync } = require("node:child_process");
const { once } = require("node:events");
const { rmSync } = require("node:fs");
const http = require("node:http");
const http2 = require("node:http2");
const net = require("node:net");
const { join } = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const { compileBundle, toUnfinishedFile, writeCache } = require("./code-cache.cjs");

const TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5000;
const SETTLE_MS = 100;

/** `PublishResponse { message_ids: ["1"] }` as a gRPC message. */
const ANSWER = Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x31]);

if (process.argv[2] === "run") {
  makeCache().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
} else {
  // A process of its own, with nothing but these variables: it may end or hang in whatever way it likes.
  const { PATH, SystemRoot, NODE_OPTIONS } = process.env;
  const { status } = spawnSync(process.execPath, [__filename, "run"], {
    env: { PATH, ...(SystemRoot && { SystemRoot }), ...(NODE_OPTIONS && { NODE_OPTIONS }), NODE_ENV: "production" },
    stdio: ["ignore", "ignore", "inherit"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  rmSync(toUnfinishedFile(join(__dirname, "index.js")), { force: true });
  console.log(status === 0 ? "The code cache is made." : "No code cache could be made: cold starts take longer.");
}

async function makeCache() {
  const bundle = join(__dirname, "index.js");
  const script = compileBundle(bundle);
  // By this name the function knows that it is to serve.
  process.argv[1] = "functions-framework";

  await connectAsDeployed(script, bundle);
  const pubsub = await listen(http2.createServer().on("stream", answerPublish));
  run(script, bundle, { PUBSUB_EMULATOR_HOST: `127.0.0.1:${pubsub}` });
  // The function takes over whatever server listens next, as it does the framework's.
  const server = await listen(http.createServer());
  const answer = await fetch(`http://127.0.0.1:${server}/events/ingest`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(require("./package.json").config.sample),
  });
  if (answer.status !== 202) throw new Error(`The function answered ${answer.status}: ${await answer.text()}`);

  writeCache(bundle, script);
}

/** Has the function ask for a token and begin to connect over TLS, which there is no certificate here to bring to an end. */
async function connectAsDeployed(script, bundle) {
  const metadata = http.createServer((request, response) => {
    response.writeHead(200, { "content-type": "application/json", "metadata-flavor": "Google" });
    response.end(
      request.url?.includes("/token") ? '{"access_token":"t","expires_in":3599,"token_type":"Bearer"}' : "x",
    );
  });
  const pubsub = net.createServer((socket) => socket.destroy());
  const connected = once(pubsub, "connection");
  const asked = new Promise((resolve) => {
    metadata.on("request", (request, response) => {
      if (request.url?.includes("/token")) response.on("close", resolve);
    });
  });
  run(script, bundle, {
    GCE_METADATA_HOST: `127.0.0.1:${await listen(metadata)}`,
    METADATA_SERVER_DETECTION: "assume-present",
    PUBSUB_ENDPOINT: `localhost:${await listen(pubsub)}`,
  });
  await Promise.race([Promise.all([connected, asked]), sleep(CONNECT_TIMEOUT_MS)]);
  // What the answer is read with is compiled by then.
  await sleep(SETTLE_MS);
}

function run(script, bundle, env) {
  Object.assign(process.env, { GCP_PROJECT_ID: "build", LOG_LEVEL: "info" }, env);
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, bundle, __dirname);
}

async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

function answerPublish(stream) {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.resume().on("end", () => stream.end(ANSWER));
}
