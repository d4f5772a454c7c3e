import type { Server } from "node:http";
import { http } from "@google-cloud/functions-framework";
import { ConfigError, readConfig } from "./config.ts";
import type { Domain } from "./events/domain.ts";
import type { OnRefused } from "./http/client-error.ts";
import { Drain, type Ending, onSignals } from "./http/drain.ts";
import type { Take } from "./http/exchange.ts";
import { createHandler, type Handler, isFrameworkProcess, ownServer } from "./http/own-server.ts";
import { bindPlainly } from "./http/plain-bind.ts";
import { Problem } from "./http/problem.ts";
import { stopUploads } from "./http/progress.ts";
import { Room } from "./http/room.ts";
import { codeCache, identity } from "./identity.ts";
import { createCallerReader } from "./ingest/caller.ts";
import type { Service } from "./ingest/context.ts";
import { Contract } from "./ingest/contract.ts";
import { InFlight } from "./ingest/in-flight.ts";
import { ingest, isProbe, recordRefusal } from "./ingest/ingest.ts";
import { Summaries } from "./ingest/summaries.ts";
import { createLog } from "./log.ts";
import { Publisher } from "./publish/publisher.ts";
import { stdout } from "./stdout.ts";

/**
 * Makes the HTTP function of a domain and registers it with functions-framework under the domain's entry point.
 *
 * In a functions-framework process this also checks the configuration, connects ahead of the first request and takes the
 * server over; imported anywhere else it does none of that before the first request.
 */
export function serve(domain: Domain): Handler {
  let service: OwnService | undefined;
  const getService = () => {
    service ??= createService(domain);
    return service;
  };
  const drain = new Drain();
  const onRefused: OnRefused = (problem, request) => recordRefusal(getService(), problem, request);
  const take: Take = (request, lease) => ingest(getService(), request, lease);
  const handle = createHandler(drain, new Room(), take, onRefused, isProbe);
  http(domain.entryPoint, handle);
  if (isFrameworkProcess()) {
    bindPlainly();
    const { publisher, log, summaries } = startOrExit(getService);
    const start = { ...identity, ...(codeCache && { code_cache: codeCache }) };
    log.write("info", "Function started", { ...start, latency_ms: Math.round(performance.now()) });
    publisher.warmUp();
    const toEnding = (server: Server): Ending => ({
      close: (onClosed) => server.close(onClosed),
      giveUp() {
        stopUploads(new Problem("shutting_down"));
        publisher.close();
      },
      exit() {
        summaries.sayDue(Number.POSITIVE_INFINITY);
        // What is not yet read of stdout would be lost with the process.
        void stdout.flush().then(() => process.exit(0));
      },
    });
    ownServer(handle, onRefused, drain, (server) => onSignals(() => drain.begin(toEnding(server))));
  }
  return handle;
}

type OwnService = Service & { readonly publisher: Publisher; readonly summaries: Summaries };

function createService(domain: Domain): OwnService {
  const config = readConfig();
  const log = createLog(config);
  return {
    domain,
    publisher: new Publisher(config, domain),
    log,
    inFlight: new InFlight(config.MAX_IN_FLIGHT),
    contract: new Contract(domain, config.PAYLOAD_CHECKS),
    summaries: new Summaries(log, config.PAYLOAD_CHECKS === "off" ? { payload_checks: "off" } : {}),
    readCaller: createCallerReader(config.CALLER_IDENTITY),
  };
}

/** A bad configuration ends the process with one line: a function that starts all the same would refuse every event. */
function startOrExit(getService: () => OwnService): OwnService {
  try {
    return getService();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
