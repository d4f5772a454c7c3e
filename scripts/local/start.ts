import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Domain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { toPubSubNames } from "../common/pubsub-resources.ts";
import { readOptions, type StartOptions, usage } from "./options.ts";
import { Printer } from "./printer.ts";
import { onEnd, readOrExit } from "./read-or-exit.ts";
import { LocalStack, type Started } from "./stack.ts";

/** What the keys of a terminal can do. */
interface KeyActions {
  /** The console's. */
  readonly url: string;
  readonly printer: Printer;
  clear(): void;
  quit(): void;
}

const CTRL_C = "\u0003";

/** Obeys the keys `o`, `c`, `v`, `q` where this process has a terminal. */
function readKeys({ url, printer, clear, quit }: KeyActions): void {
  const { stdin } = process;
  if (!stdin.isTTY) return;
  printer.note("Keys: o opens the console, c clears it, v shows bodies and logs, q quits.\n");
  const actions: Readonly<Record<string, () => void>> = {
    o: () => open(url),
    c: () => {
      clear();
      printer.note("Cleared.");
    },
    v: () => {
      printer.detail = printer.detail === "verbose" ? "normal" : "verbose";
      printer.note(printer.detail === "verbose" ? "Bodies and logs are shown." : "One line each.");
    },
    q: quit,
    // A terminal that hands over each key sends no signal for this one.
    [CTRL_C]: quit,
  };
  stdin.setRawMode(true).setEncoding("utf8");
  stdin.on("data", (key) => actions[String(key)]?.());
}

function open(url: string): void {
  const [command = "", ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["explorer.exe"] : ["xdg-open"];
  spawn(command, [...args, url], { stdio: "ignore", detached: true })
    .on("error", () => console.error(`There is nothing here that opens ${url}.`))
    .unref();
}

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
