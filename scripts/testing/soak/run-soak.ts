import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { commerce } from "../../../shared/events/commerce.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { type Fault, Faults } from "../../pubsub/faults.ts";
import { openSubscription } from "../../pubsub/open-subscription.ts";
import { startPublishProxy } from "../../pubsub/publish-proxy.ts";
import { type BrokerProcess, startBrokerProcess } from "../broker-process.ts";
import { startFunction } from "../function-process.ts";
import { type Answers, call } from "./caller.ts";
import { type Balance, isUnaltered, Ledger, readEventId } from "./ledger.ts";

const PROJECT = "soak";
const SUBSCRIPTION = "soak";

/** One publish call in five goes wrong, one in a thousand is stored and never answered. */
const everySo: readonly { readonly every: number; readonly fault: Fault }[] = [
  { every: 20, fault: { kind: "error", code: status.UNAVAILABLE } },
  { every: 20, fault: { kind: "error", code: status.RESOURCE_EXHAUSTED } },
  { every: 20, fault: { kind: "lost-answer", caller: "unavailable" } },
  { every: 20, fault: { kind: "delay", ms: 300 } },
  { every: 1000, fault: { kind: "lost-answer", caller: "hang" } },
];

/** So many calls in a row fail now and then: longer than the budget of a publish, so callers hear of it. */
const outage = 1500;

const environment = {
  // Short, so that an outage outlasts it.
  PUBLISH_TIMEOUT_MS: "1000",
  // A few less than the callers have under way, so that some hear `overloaded`.
  MAX_IN_FLIGHT: "550",
  LOG_LEVEL: "error",
  // As the platform does for an instance of 512 MiB.
  NODE_OPTIONS: "--max-old-space-size=410",
};

const ARRIVAL_TIMEOUT_MS = 30_000;

/** How long and how hard; it ends at whichever limit comes first. */
export interface SoakOptions {
  readonly connections: number;
  readonly usersPerConnection: number;
  readonly maxRequests: number;
  readonly maxMs: number;
  /** Answers from one outage to the next; the first comes after as many. */
  readonly outageEvery: number;
  /** Hears of the answers so far, again and again. */
  onProgress?(answers: number): void;
}

export interface SoakReport extends Balance, Answers {
  /** Deliveries that differ from what was sent. */
  readonly altered: number;
  readonly peakMiB: number;
  readonly stderr: string;
  /** Log lines of severity ERROR. */
  readonly errors: readonly Readonly<Record<string, unknown>>[];
  /** Of the function's process, after SIGTERM. */
  readonly exitCode: number | string;
}

/** Loads the staged `commerce` function in front of a failing Pub/Sub, and keeps account of every event. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const broker = await startBrokerProcess(PROJECT);
  const ledger = new Ledger();
  let altered = 0;
  const topic = await readTopic(broker, (message) => {
    const event = readEventId(message.attributes.event_id);
    if (event) ledger.arrive(event);
    if (!event || !isUnaltered(message, event)) altered++;
  });
  const faults = new Faults();
  const proxy = await startPublishProxy(
    broker.endpoint,
    (_, request) => faults.take(request),
    () => {},
  );
  const running = await startFunction("commerce", { endpoint: proxy.endpoint, project: PROJECT, env: environment });
  const answers: Answers = { sent: 0, retryable: new Map(), others: [] };
  try {
    for (const { every, fault } of everySo) faults.every(every, fault);
    const end = Date.now() + options.maxMs;
    let nextOutage = options.outageEvery;
    const goesOn = () => {
      options.onProgress?.(answers.sent);
      if (answers.sent >= nextOutage) {
        nextOutage += options.outageEvery;
        faults.failNext(outage, status.UNAVAILABLE);
      }
      return answers.sent < options.maxRequests && Date.now() < end;
    };
    const callers = Array.from({ length: options.connections }, (_, connection) => {
      const users = Array.from({ length: options.usersPerConnection }, (_, i) => i * options.connections + connection);
      return call({ port: running.port, ledger, answers, goesOn }, users);
    });
    await Promise.all(callers).catch((cause: Error) => {
      throw new Error(`${cause.message}. The function wrote: ${running.stderr()}`, { cause });
    });
    await waitForArrivals(ledger);
    const peakMiB = await running.peakMemoryMiB();
    const exitCode = await running.stop();
    const stderr = running.stderr();
    return {
      ...ledger.balance(),
      ...answers,
      altered,
      peakMiB,
      stderr,
      errors: running.logs.filter(({ severity }) => severity === "ERROR"),
      exitCode,
    };
  } finally {
    await running.stop("SIGKILL");
    topic.close();
    await proxy.close();
    await broker.close();
  }
}

async function readTopic(broker: BrokerProcess, onMessage: Parameters<typeof openSubscription>[3]) {
  const admin = connectPubSub(broker.endpoint, PROJECT);
  await admin.createSubscription(SUBSCRIPTION, commerce.topic, { ordered: true });
  admin.close();
  return openSubscription(broker.endpoint, PROJECT, SUBSCRIPTION, onMessage);
}

/** Returns when all that was accepted has arrived, or when it has had its time to. */
async function waitForArrivals(ledger: Ledger): Promise<void> {
  for (const end = Date.now() + ARRIVAL_TIMEOUT_MS; Date.now() < end; await sleep(100)) {
    if (ledger.balance().lost === 0) return;
  }
}
