import type { StubGoogleCloud } from "./google-cloud.ts";

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

/**
 * The environment in which the real gcloud talks to the stub and to nothing else.
 *
 * @param configuration an empty directory for gcloud's own files: the user's login is neither read nor changed
 */
export function toGcloudEnvironment({ baseUrl }: StubGoogleCloud, configuration: string): NodeJS.ProcessEnv {
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
