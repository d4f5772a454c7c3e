import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StubGoogleCloud } from "./google-cloud.ts";
import { startWarmGcloud } from "./warm-gcloud.ts";

const apis = [
  "cloudfunctions",
  "cloudresourcemanager",
  "iam",
  "logging",
  "monitoring",
  "pubsub",
  "run",
  "serviceusage",
];

/** The real gcloud, which talks to the stub and to nothing else. */
export interface StubbedGcloud {
  /** The whole environment of a program that calls it. */
  readonly environment: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** Makes gcloud ready in a folder of its own: the user's login is neither read nor changed. */
export async function openGcloud(cloud: StubGoogleCloud): Promise<StubbedGcloud> {
  const folder = await mkdtemp(join(tmpdir(), "gcloud-"));
  const environment = toEnvironment(cloud, folder);
  const warm = await startWarmGcloud(folder, environment);
  return {
    environment: { ...environment, ...warm.environment },
    async close() {
      await warm.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function toEnvironment({ baseUrl }: StubGoogleCloud, configuration: string): NodeJS.ProcessEnv {
  const { port } = new URL(baseUrl);
  const overrides = apis.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`, `${baseUrl}/${api}/`]);
  return {
    PATH: process.env.PATH,
    HOME: configuration,
    CLOUDSDK_CONFIG: configuration,
    CLOUDSDK_AUTH_ACCESS_TOKEN: "not-a-real-token",
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "true",
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: "true",
    // What is not overridden goes to the stub as a proxy, which refuses it: nothing leaves the machine.
    CLOUDSDK_PROXY_TYPE: "http_no_tunnel",
    CLOUDSDK_PROXY_ADDRESS: "127.0.0.1",
    CLOUDSDK_PROXY_PORT: port,
    ...Object.fromEntries(overrides),
  };
}
