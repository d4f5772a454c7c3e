import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { type Api, type ApiReply, type ApiRequest, fail, Policies } from "./api.ts";
import { createFunctions, createUploads, type DeployedFunction } from "./functions.ts";
import type { LogEntry } from "./log-filter.ts";
import { createLogging } from "./logging.ts";
import { createMonitoring } from "./monitoring.ts";
import { createIam, createResourceManager, createServiceUsage } from "./projects.ts";
import { createDeliveries, createPubSub } from "./pubsub-messages.ts";
import { CloudRun, createRun } from "./run.ts";

/** A Google Cloud of one project on the loopback interface, for the real gcloud to talk to. */
export interface StubGoogleCloud {
  /** `http://127.0.0.1:PORT`; each API answers under a path of its own. */
  readonly baseUrl: string;
  /** All that arrived, in order; clear it between two runs. */
  readonly requests: ApiRequest[];
  /** What arrived that no API here knows: a test that leaves any has talked past the stub. */
  readonly unknown: string[];
  /** Requests for which this gives a message are refused with it: gcloud sees a missing permission. */
  refuse: (request: ApiRequest) => string | undefined;
  readonly resources: Map<string, Record<string, unknown>>;
  /** What was logged, the oldest entry first. */
  readonly logged: LogEntry[];
  /** Log-based metrics by name. */
  readonly metrics: Map<string, Record<string, unknown>>;
  /** Alert policies, notification channels and dashboards by their full names. */
  readonly monitoring: Map<string, Record<string, unknown>>;
  readonly accounts: Map<string, Record<string, unknown>>;
  readonly functions: Map<string, DeployedFunction>;
  readonly uploads: Map<string, Buffer>;
  readonly operations: Map<string, unknown>;
  /** What the next deployments of a function fail with, in Google's words, by its name. */
  readonly failures: Map<string, string[]>;
  /** Where a function is served once it is deployed, for a test that runs it; by its name, or `TAG---name`. */
  readonly urls: Map<string, string>;
  /** A Pub/Sub server, `host:port`, whose messages subscriptions deliver; none unless a test sets it. */
  pubsubEndpoint: string | undefined;
  readonly run: CloudRun;
  readonly enabledApis: Set<string>;
  readonly policies: Policies;
  close(): Promise<void>;
}

export async function startStubGoogleCloud(project: string): Promise<StubGoogleCloud> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const policies = new Policies();
  const urls = new Map<string, string>();
  const stub: StubGoogleCloud = {
    baseUrl,
    policies,
    requests: [],
    unknown: [],
    refuse: () => undefined,
    resources: new Map(),
    logged: [],
    metrics: new Map(),
    monitoring: new Map(),
    accounts: new Map(),
    functions: new Map(),
    uploads: new Map(),
    operations: new Map(),
    failures: new Map(),
    urls,
    pubsubEndpoint: undefined,
    run: new CloudRun(urls),
    enabledApis: new Set(),
    close: () => {
      deliveries.close();
      return close(server);
    },
  };
  const deliveries = createDeliveries(() => stub.pubsubEndpoint);
  const pubsub = createPubSub(stub.resources, policies);
  const apis: Readonly<Record<string, Api>> = {
    pubsub: async (request) => (await deliveries.api(request)) ?? pubsub(request),
    logging: createLogging(stub.metrics, stub.logged),
    monitoring: createMonitoring(stub.monitoring),
    iam: createIam(stub.accounts),
    cloudresourcemanager: createResourceManager(project, policies),
    serviceusage: createServiceUsage(stub.enabledApis),
    cloudfunctions: createFunctions(stub),
    run: createRun(stub.run, policies),
    upload: createUploads(stub.uploads),
  };
  server.on("request", async (incoming, outgoing) => {
    const request = await readRequest(incoming);
    stub.requests.push(request);
    const { status, body } = await answer(request, apis, stub);
    outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  // HTTPS that is not sent to an API here arrives as a request for a tunnel, which there is none.
  server.on("connect", (request, socket) => {
    stub.unknown.push(`CONNECT ${request.url}`);
    socket.destroy();
  });
  return stub;
}

async function answer(
  request: ApiRequest,
  apis: Readonly<Record<string, Api>>,
  stub: StubGoogleCloud,
): Promise<ApiReply> {
  const refusal = stub.refuse(request);
  if (refusal !== undefined) return fail(403, "PERMISSION_DENIED", refusal);
  const reply = await apis[request.api]?.(request);
  if (reply !== undefined) return reply;
  const description = `${request.method} ${request.api}/${request.path}`;
  stub.unknown.push(description);
  // Not a 5xx: gcloud would try those again for half a minute.
  return fail(400, "INVALID_ARGUMENT", `the stub has no ${description}`);
}

async function readRequest(incoming: IncomingMessage): Promise<ApiRequest> {
  const url = new URL(toLocalPath(incoming.url ?? "/"), "http://127.0.0.1");
  const [, api = "", path = ""] = /^\/([^/]+)\/(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  const bytes = await buffer(incoming);
  const isJson = incoming.headers["content-type"]?.startsWith("application/json") && bytes.length > 0;
  return {
    api,
    path,
    method: incoming.method ?? "GET",
    query: Object.fromEntries(url.searchParams),
    body: isJson ? JSON.parse(bytes.toString("utf8")) : bytes.length > 0 ? bytes : undefined,
  };
}

/**
 * gcloud puts the region before an API's host, `http://europe-west1-127.0.0.1:…`, which reaches this server as its proxy.
 * Any other host stays in the path, where no API answers for it.
 */
function toLocalPath(url: string): string {
  const [, host, path] = /^https?:\/\/([^/]+)(\/.*)$/.exec(url) ?? [];
  if (host === undefined || path === undefined) return url;
  return /(^|-)127\.0\.0\.1:\d+$/.test(host) ? path : `/${host}${path}`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
