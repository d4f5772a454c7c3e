import { setTimeout as sleep } from "node:timers/promises";
import { domains } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";
import { readOptions, type StartOptions, usage } from "./options.ts";
import { Printer } from "./printer.ts";
import { LocalStack, type Started } from "./stack.ts";

// npm start: the whole producer on this machine. See `usage`.

const STOP_TIMEOUT_MS = 4000;

const brokers = {
  external: "the Pub/Sub server at PUBSUB_EMULATOR_HOST",
  emulator: "the official Pub/Sub emulator",
  embedded: "the embedded Pub/Sub server",
} as const;

const options = readOptionsOrExit();
const printer = new Printer(Object.keys(domains));
const stack = new LocalStack(printer);
let isEnding = false;

// Ctrl-C arrives twice under npm: from the terminal, and passed on by npm.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => isEnding || end(0));

printer.note("Starting: a Pub/Sub server, the three functions …");
try {
  printer.note(describe(await stack.start(options)));
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

function readOptionsOrExit(): StartOptions {
  try {
    const given = readOptions(process.argv.slice(2));
    if (given) return given;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function describe({ port, broker, project }: Started): string {
  const url = `http://localhost:${port}`;
  const sample = JSON.stringify(domains.commerce.events["cart.abandoned"].sample);
  return `
PulseCart's producer is up at ${url}, with ${brokers[broker.kind]} (${broker.endpoint}, project ${project}).
Each message that reaches a topic is printed here. Try it, in another terminal:

curl -X POST ${url}/events/ingest -H "Content-Type: application/json" -d '${sample}'

Sources are watched: a change restarts the functions that it touches. Ctrl-C ends everything.
`;
}

function explain(error: NodeJS.ErrnoException, { port }: StartOptions): string {
  if (error.code === "EADDRINUSE")
    return `Port ${port} is taken: end what listens there, or choose another with --port.`;
  return error.message;
}
