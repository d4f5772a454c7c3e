import type { Domain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { findFreePort } from "../common/free-port.ts";
import { type Broker, type BrokerChoice, startBroker } from "../pubsub/broker.ts";
import { type PublishProxy, startPublishProxy } from "../pubsub/publish-proxy.ts";
import { LocalConsole } from "./console/local-console.ts";
import { type Behind, startFront } from "./front.ts";
import { type FunctionOutput, LocalFunction } from "./local-function.ts";
import { openTopics, toSpare } from "./open-topics.ts";
import type { StartOptions } from "./options.ts";
import type { Printer } from "./printer.ts";
import { type Build, runBuild } from "./run-build.ts";
import { watchSources } from "./watch-sources.ts";

/** What the stack has to know of a domain. */
type Served = Pick<Domain, "name" | "entryPoint" | "topic">;

const all: readonly Domain[] = Object.values(domains);

/** Where consumers and Google's tools look for a Pub/Sub server. */
const PUBSUB_PORT = 8085;
/** Node's own for the first process that is debugged. */
const INSPECT_PORT = 9229;

/** A local stack that answers. */
export interface Started {
  /** The front's. */
  readonly port: number;
  readonly broker: Broker;
  readonly project: string;
}

/** Everything that `npm start` runs. What was started, ends with {@link LocalStack.stop}. */
export class LocalStack {
  readonly #printer: Printer;
  readonly #functions: Map<string, LocalFunction>;
  /** Those of the registry at the start, then those that a build finds beside them. */
  readonly #domains: Served[] = [...all];
  readonly #output: FunctionOutput;
  readonly #behind: Behind;
  readonly #ready = Promise.withResolvers<LocalConsole>();
  readonly #ending = new AbortController();
  /** How to end what was started so far, the latest first. */
  readonly #closers: (() => unknown)[] = [];
  #console: LocalConsole | undefined;
  #isBroken = false;
  #open: (domains: readonly Served[]) => Promise<void> = async () => {};

  constructor(printer: Printer, inspect = false) {
    this.#printer = printer;
    this.#output = {
      line: (name: string, text: string) => {
        printer.line(name, text);
        this.#console?.addLog(name, text);
      },
      note: (text: string) => printer.note(text),
    };
    this.#functions = new Map(
      all.map((domain, index) => [
        domain.name,
        new LocalFunction(domain, this.#output, inspect ? INSPECT_PORT + index : undefined),
      ]),
    );
    this.#behind = {
      ready: this.#ready.promise,
      functions: this.#functions,
      eventTypes: new Map(all.flatMap(({ name, events }) => Object.keys(events).map((type) => [type, name]))),
    };
  }

  /**
   * Starts everything, the front first: a taken port is found before anything else is started.
   *
   * @returns once every function answers
   * @throws Error for the user: a port is taken, the Pub/Sub server cannot be had, the sources cannot be built
   */
  async start(options: Pick<StartOptions, "port" | "broker" | "pubsubPort">): Promise<Started> {
    const front = await startFront(options.port, this.#behind, {
      answered: (summary) => this.#printer.request(summary),
      failed: (error) => this.#printer.note(error.stack ?? error.message),
    });
    this.#closers.unshift(front.close);
    const project = process.env.GCP_PROJECT_ID || "pulsecart-local";
    const [broker, build] = await Promise.all([this.#openBroker(options.broker, options.pubsubPort), this.#build()]);
    const local = new LocalConsole({
      broker,
      project,
      domains: this.#domains,
      readBacklogs: broker.kind === "embedded" ? broker.embedded.backlogs : undefined,
    });
    this.#console = local;
    const proxy = await this.#openProxy(broker, local);
    this.#open = async (opened) => {
      const close = await openTopics(broker, project, opened, (domain, message) => {
        this.#printer.message(domain, message);
        local.addMessage(domain, message);
      });
      this.#closers.unshift(close);
    };
    await this.#open(all);
    const own = { GCP_PROJECT_ID: project, PUBSUB_EMULATOR_HOST: proxy.endpoint, CALLER_IDENTITY: "local" };
    // Whose process this is, the platform says: with its name, a function takes no header's word for the caller.
    const { K_SERVICE: _, ...environment } = process.env;
    const env = { ...environment, ...own };
    this.#closers.unshift(() => Promise.all(this.#each((each) => each.stop())));
    await this.#serve(build, env, local);
    this.#ready.resolve(local);
    this.#closers.unshift(watchSources(() => this.#rebuild(env, local)));
    return { port: front.port, broker, project };
  }

  /** Forgets what the console has recorded. */
  clear(): void {
    this.#console?.clear();
  }

  /** Ends everything, also what is only starting. */
  async stop(): Promise<void> {
    this.#ending.abort();
    for (const close of this.#closers.splice(0)) await close();
  }

  async #openBroker(choice: BrokerChoice, wantedPort: number | undefined): Promise<Broker> {
    const spare = toSpare((text) => this.#printer.note(text));
    const start = (port: number) => startBroker(choice, process.env, port, spare);
    const startAnywhere = async () => start(await findFreePort(PUBSUB_PORT).catch(() => 0)).catch(() => start(0));
    // Two stacks that start at once may both find the usual port free: the slower one takes another.
    const broker = await (wantedPort === undefined ? startAnywhere() : start(wantedPort));
    this.#closers.unshift(broker.close);
    return broker;
  }

  async #openProxy(broker: Broker, local: LocalConsole): Promise<PublishProxy> {
    const proxy = await startPublishProxy(
      broker.endpoint,
      (topic) => local.decideFault(topic),
      (attempt) => local.addAttempt(attempt),
    );
    this.#closers.unshift(proxy.close);
    return proxy;
  }

  /** Has every function serve this build. @returns the names of those that it changed */
  async #serve(
    { bundles, domains: built, eventTypes, documents }: Build,
    env: NodeJS.ProcessEnv,
    local: LocalConsole,
  ): Promise<string[]> {
    for (const domain of built) if (!this.#functions.has(domain.name)) await this.#add(domain);
    const changed = await Promise.all(
      this.#each(async (each) => {
        const bundle = bundles[each.name];
        // What the registry has no more goes on as it was, until the stack ends.
        return bundle !== undefined && (await each.serve(bundle, env)) ? [each.name] : [];
      }),
    );
    this.#behind.eventTypes = new Map(Object.entries(eventTypes));
    local.refresh(documents);
    return changed.flat();
  }

  /** A domain is new: from here on it has a function, a topic, and its place in the console. */
  async #add(domain: Served): Promise<void> {
    await this.#open([domain]);
    this.#domains.push(domain);
    this.#functions.set(domain.name, new LocalFunction(domain, this.#output));
  }

  #build(): Promise<Build> {
    return runBuild([...this.#functions.keys()], this.#ending.signal);
  }

  async #rebuild(env: NodeJS.ProcessEnv, local: LocalConsole): Promise<void> {
    try {
      const changed = await this.#serve(await this.#build(), env, local);
      if (changed.length > 0) this.#printer.note(`Sources changed: restarted ${changed.join(", ")}`);
      if (this.#isBroken) this.#printer.note("The sources work again.");
      this.#isBroken = false;
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#isBroken = true;
      local.showBuildError((error as Error).message);
      this.#printer.note(`${(error as Error).message}\nThe sources do not work; what worked last goes on running.`);
    }
  }

  #each<T>(action: (each: LocalFunction) => T): T[] {
    return [...this.#functions.values()].map(action);
  }
}
