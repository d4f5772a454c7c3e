import type { Domain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { toPubSubNames } from "../common/pubsub-resources.ts";
import { startBroker } from "../pubsub/broker.ts";
import { openTopics, toSpare } from "./open-topics.ts";
import { pubsubUsage, readPubSubOptions } from "./options.ts";
import { Printer } from "./printer.ts";
import { onEnd, readOrExit } from "./read-or-exit.ts";

// npm run pubsub: a Pub/Sub server with the topics of all functions, for whatever is run beside it. See `pubsubUsage`.

const all: readonly Domain[] = Object.values(domains);
const { port, broker: choice, project } = readOrExit((args) => readPubSubOptions(args, process.env), pubsubUsage);
const printer = new Printer(Object.keys(domains));

try {
  const broker = await startBroker(
    choice,
    process.env,
    port,
    toSpare((text) => printer.note(text)),
  );
  const close = await openTopics(broker, project, all, (domain, message) => printer.message(domain, message));
  let isEnding = false;
  onEnd(async () => {
    if (isEnding) return;
    isEnding = true;
    await close();
    await broker.close();
    process.exit();
  });
  printer.note(`A Pub/Sub server (${broker.kind}) is up at ${broker.endpoint}, with these topics in the project ${project}:

${all.map((domain) => `  ${domain.topic}, subscription ${toPubSubNames(domain.topic).subscription}`).join("\n")}

  export PUBSUB_EMULATOR_HOST=${broker.endpoint} GCP_PROJECT_ID=${project}

Each message has its line here. Ctrl-C ends it.
`);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const taken = `Port ${port} is taken: end what listens there, or choose another with --port.`;
  console.error(code === "EADDRINUSE" ? taken : message);
  process.exit(1);
}
