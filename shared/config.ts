import * as v from "valibot";

/** A variable of the environment has a value that the producer cannot work with. */
export class ConfigError extends Error {}

const projectId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9.:_-]{0,99}$/));

/** Where a server is: its name or address, an IPv6 one in brackets, and its port. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** A label of a name, as DNS has it, but for the `_` of containers. */
const LABEL = "(?!-)[A-Za-z0-9_-]{1,63}(?<!-)";

const ADDRESS = new RegExp(
  `^(?:(?<scheme>https?)://)?(?<hostname>${LABEL}(?:\\.${LABEL})*\\.?|\\[[^\\]]+\\])(?::(?<port>\\d{1,5}))?/?$`,
);

/**
 * Reads `host:port`, also as a URL. Without a default the port must be there.
 *
 * @param scheme that of what is spoken there: another one is a fault
 */
function address(scheme: "http" | "https", defaultPort?: number) {
  const read = (text: string): Address | undefined => {
    const { hostname = "", ...groups } = ADDRESS.exec(text)?.groups ?? {};
    const port = Number(groups.port ?? defaultPort);
    const isRight = port >= 1 && port <= 65_535 && (groups.scheme ?? scheme) === scheme;
    // What ends like an IPv4 address is one, or nothing; `1.2.3` would be another one than it says.
    const isHost = URL.canParse(`http://${hostname}`) && !/^\d+(\.\d+){0,2}$/.test(hostname);
    return isRight && isHost ? { hostname, port } : undefined;
  };
  return v.optional(v.pipe(v.string(), v.transform(read), v.custom<Address>(Boolean)));
}

/** A whole number of a range, written in decimal digits. */
function integer(min: number, max: number) {
  return v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number), v.minValue(min), v.maxValue(max));
}

/**
 * Name, check, default, and what is allowed, in the words of the error: one row a variable.
 *
 * `MAX_IN_FLIGHT` is two full batches. While Pub/Sub hangs, 2,000 waiting events of 0.3 KB put the process at 192 MiB; 5,000
 * would put it at 283, over the smallest instance that it otherwise fits.
 */
const variables = {
  GCP_PROJECT_ID: [projectId, undefined, "the id of a Google Cloud project (or set GOOGLE_CLOUD_PROJECT)"],
  ENVIRONMENT: [
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,63}$/)),
    "dev",
    "1 to 63 of the characters A-Z a-z 0-9 . _ -",
  ],
  LOG_LEVEL: [v.picklist(["debug", "info", "warning", "error"]), "info", "one of debug, info, warning, error"],
  PUBLISH_TIMEOUT_MS: [integer(100, 60_000), "10000", "a whole number of milliseconds from 100 to 60000"],
  MAX_IN_FLIGHT: [integer(1, 1_000_000), "2000", "a whole number from 1 to 1000000"],
  ORDERING_KEY_SHARDS: [integer(0, 1_000_000), "0", "a whole number from 0 (off) to 1000000"],
  PAYLOAD_CHECKS: [v.picklist(["registry", "report", "off"]), "registry", "one of registry, report, off"],
  CALLER_IDENTITY: [
    v.picklist(["none", "iam", "local"]),
    "none",
    "one of none, iam, local (not where K_SERVICE is set)",
  ],
  PUBSUB_EMULATOR_HOST: [
    address("http"),
    undefined,
    "host:port or http://host:port, an IPv6 address in brackets, a port from 1 to 65535",
  ],
  PUBSUB_ENDPOINT: [
    address("https", 443),
    undefined,
    "host or host:port (1 to 65535) without http://, as it speaks TLS, an IPv6 address in brackets, such as europe-west1-pubsub.googleapis.com",
  ],
} as const satisfies Record<
  string,
  readonly [v.GenericSchema<string | undefined, unknown>, string | undefined, string]
>;

type Variable = keyof typeof variables;

/** Everything that the environment decides. */
export type Config = Readonly<{ [TName in Variable]: v.InferOutput<(typeof variables)[TName][0]> }>;

/** What becomes of payloads that break their schema: as the registry says, only said, or not looked at. */
export type PayloadChecks = Config["PAYLOAD_CHECKS"];

/**
 * Reads the configuration; the only reader of the environment.
 *
 * @param env the environment; an empty value counts as absent
 * @param nodeVersion of the process
 * @throws {ConfigError} one line: a Node that cannot do what we need, or the first bad variable, its fault, what is allowed
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env, nodeVersion = process.versions.node): Config {
  checkNode(nodeVersion);
  const entries = Object.entries(variables).map(([name, [schema, fallback, allowed]]) => {
    const isElsewhere = name === "GCP_PROJECT_ID" && !env[name] && env.GOOGLE_CLOUD_PROJECT;
    const source = isElsewhere ? "GOOGLE_CLOUD_PROJECT" : name;
    const value = env[source] || fallback;
    const result = v.safeParse(schema as v.GenericSchema<unknown>, value);
    // On the platform anybody could write the header that `local` believes.
    const isForeign = name === "CALLER_IDENTITY" && value === "local" && env.K_SERVICE;
    if (result.success && !isForeign) return [name, result.output];
    const fault = value === undefined ? "is not set" : `has the value ${JSON.stringify(value)}`;
    throw new ConfigError(`${source} ${fault}; allowed is ${allowed}.`);
  });
  return Object.fromEntries(entries) as Config;
}

/** Older ones have no `crypto.hash`: they would start, and fail with the first event of a shard. */
function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 21 || (major === 20 && minor >= 12)) return;
  throw new ConfigError(`Node ${version} is not supported; use Node 20.12 or later, 22 or 24.`);
}
