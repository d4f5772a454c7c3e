import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Domain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { toPubSubNames } from "../common/pubsub-resources.ts";
import { readKeys } from "./keys.ts";
import { onEnd } from "./on-end.ts";
import { readOptions, type StartOptions, usage } from "./options.ts";
import { Printer } from "./printer.ts";
import { readOrExit } from "./read-or-exit.ts";
import { LocalStack, type Started } from "./stack.ts";

// npm start: the whole producer on this machine. See `usage`.

const STOP_TIMEOUT_MS = 4000;

const brokers = {
  external: "the Pub/Sub server at PUBSUB_EMULATOR_HOST",
  emulator: "the official Pub/Sub emulator",
  embedded: "the embedded Pub/Sub server",
} as const;

const all: readonly Domain[] = Object.values(domains);
const dotEnv = fileURLToPath(new URL("../../.env", import.meta.url));
if (existsSync(dotEnv)) process.loadEnvFile(dotEnv);

const options = readOrExit(readOptions, usage);
const printer = new Printer(Object.keys(domains), options.detail);
const stack = new LocalStack(printer, options.inspect);
let isEnding = false;

onEnd(() => isEnding || end(0));

printer.note("Starting: a Pub/Sub server, the functions …");
try {
  const started = await stack.start(options);
  printer.note(describe(started));
  readKeys({
    url: toUrl(started),
    printer,
    clear: () => stack.clear(),
    quit: () => isEnding || end(0),
  });
} catch (error) {
  // What fails because everything ends is no news.
  if (!isEnding) {
    console.error(explain(error as NodeJS.ErrnoException, options));
    await end(1);
  }
}

/** Ends the process; whatever does not end in time ends with it, as all children watch for that. */
async function end(code: number): Promise<void> {
  isEnding = true;
  await Promise.race([stack.stop(), sleep(STOP_TIMEOUT_MS)]);
  process.exit(code);
}

function toUrl({ port }: Started): string {
  return `http://localhost:${port}`;
}

function describe(started: Started): string {
  const { broker, project } = started;
  const url = toUrl(started);
  const [event] = all.flatMap(({ events }) => Object.values(events));
  const sample = JSON.stringify(event?.sample);
  const width = Math.max(...all.map(({ name }) => name.length));
  const functions = all.map(
    ({ name, topic }) => `  ${name.padEnd(width)}  ${url}/${name}/events/ingest  → topic ${topic}`,
  );
  const subscriptions =
    broker.kind === "external"
      ? []
      : ["", `Consumers: ${all.map(({ topic }) => toPubSubNames(topic).subscription).join(", ")}`];
  return `
PulseCart's producer is up at ${url}, ready in ${(performance.now() / 1000).toFixed(1)} s.

  Console        ${url}/
  API reference  ${url}/docs
  Pub/Sub        ${broker.endpoint}, ${brokers[broker.kind]}, project ${project}

${[...functions, ...subscriptions].join("\n")}

  export PUBSUB_EMULATOR_HOST=${broker.endpoint} GCP_PROJECT_ID=${project}

Each request and each message has its line here. Try it, in another terminal:

curl -X POST ${url}/events/ingest -H "Content-Type: application/json" -d '${sample}'

Sources are watched: a change restarts the functions that it touches. Ctrl-C ends everything.
`;
}

function explain(error: NodeJS.ErrnoException & { readonly port?: number }, { port }: StartOptions): string {
  if (error.code !== "EADDRINUSE") return error.message;
  const flag = error.port === port ? "--port" : "--pubsub-port";
  return `Port ${error.port} is taken: end what listens there, or choose another with ${flag}.`;
}
