import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "../../common/run-program.ts";
import type { StubGoogleCloud } from "./google-cloud.ts";

const program = fileURLToPath(new URL("warm-gcloud.py", import.meta.url));

/** The user's own gcloud, whose calls need not load it first. */
interface WarmGcloud {
  /** What a program that calls gcloud must have in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Loads gcloud once. A call then takes a fifth of a second instead of a whole one, and of gcloud itself it leaves out nothing but
 * that: `gcloud` stays the program on the PATH, which runs its parts by the Python that CLOUDSDK_PYTHON names.
 *
 * @param folder an empty folder for the parts of this
 * @param environment in which gcloud is loaded; each call brings its own
 * @throws Error where gcloud cannot be loaded
 */
async function startWarmGcloud(folder: string, environment: NodeJS.ProcessEnv): Promise<WarmGcloud> {
  const fields = "value[separator=' '](basic.python_location,installation.sdk_root)";
  const { stdout, stderr } = await runProgram("gcloud", ["info", `--format=${fields}`, "--quiet"], environment);
  const [python, root] = stdout.trim().split(" ");
  if (python === undefined || root === undefined) throw new Error(`gcloud does not say where it is: ${stderr}`);
  const [socket, caller] = [join(folder, "socket"), join(folder, "python")];
  // -S as gcloud's script does it, and no environment of Python's own: it starts sooner.
  await writeFile(caller, `#!/bin/sh\nexec '${python}' -S -E '${program}' call '${socket}' "$@"\n`);
  await chmod(caller, 0o755);
  const server = spawn(python, ["-S", program, "serve", socket, join(root, "lib")], {
    env: environment,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(server, "exit");
  await Promise.race([
    once(server.stdout, "data"),
    ended.then(([code]) => {
      throw new Error(`gcloud could not be loaded: ${code}`);
    }),
  ]);
  return {
    environment: { CLOUDSDK_PYTHON: caller },
    async close() {
      server.stdin.end();
      await ended;
    },
  };
}

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
