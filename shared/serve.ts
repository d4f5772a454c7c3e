import type { IncomingMessage, ServerResponse } from "node:http";
import { http } from "@google-cloud/functions-framework";
import { ConfigError, readConfig } from "./config.ts";
import type { Domain } from "./events/domain.ts";
import { Drain } from "./http/drain.ts";
import { isFrameworkProcess, ownServer } from "./http/own-server.ts";
import { bindPlainly } from "./http/plain-bind.ts";
import { Problem } from "./http/problem.ts";
import { respond } from "./http/respond.ts";
import { capYoungGeneration } from "./http/young-generation.ts";
import type { Service } from "./ingest/context.ts";
import { InFlight } from "./ingest/in-flight.ts";
import { ingest } from "./ingest/ingest.ts";
import { createLog } from "./log.ts";
import { Publisher } from "./publish/publisher.ts";

/** A caller that goes on sending after its answer is cut off then. */
const LINGER_MS = 5000;

/** An HTTP function, as functions-framework and `node:http` take it. */
type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

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
  const handle: Handler = async (request, response) => {
    if (drain.isDraining) {
      respond(response, new Problem("shutting_down"), true);
      return;
    }
    drain.enter();
    response.once("close", () => drain.leave());
    const answer = await ingest(getService(), request);
    const isCutOff = answer instanceof Problem && answer.code === "request_timeout";
    respond(response, answer, drain.isDraining || isCutOff);
    if (!request.complete) setTimeout(cutOff, LINGER_MS, request).unref();
  };
  http(domain.entryPoint, handle);
  if (isFrameworkProcess()) {
    const { publisher } = startOrExit(getService);
    publisher.warmUp();
    bindPlainly();
    capYoungGeneration();
    ownServer(handle, (server) => drain.onSignal(server, () => publisher.close()));
  }
  return handle;
}

/** Ends a connection whose request is still arriving; one that is complete by now may serve the next. */
function cutOff(request: IncomingMessage): void {
  if (!request.complete) request.socket.destroy();
}

type OwnService = Service & { readonly publisher: Publisher };

function createService(domain: Domain): OwnService {
  const config = readConfig();
  return {
    domain,
    publisher: new Publisher(config, domain),
    log: createLog(config),
    inFlight: new InFlight(config.MAX_IN_FLIGHT),
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
