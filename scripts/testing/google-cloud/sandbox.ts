import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ProgramResult, runProgram } from "../../common/run-program.ts";
import { openGcloud } from "./gcloud-environment.ts";
import { type StubGoogleCloud, startStubGoogleCloud } from "./google-cloud.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Whether there is a gcloud to test with; in CI there has to be one, so that a missing one fails the tests. */
export const hasGcloud =
  process.env.CI !== undefined ||
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "gcloud")));

/** A run makes up to a hundred calls of gcloud, which take a while where the machine is busy. */
export const gcloudTimeout = 1_200_000;

/** A copy of the project, whose commands talk to a Google Cloud of their own. */
export interface Sandbox {
  readonly project: string;
  readonly folder: string;
  readonly cloud: StubGoogleCloud;
  /** The first 12 hex digits of the copy's one commit. */
  readonly commit: string;
  /** The environment in which gcloud talks to the stub. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs the real gcloud, as an operator would. */
  gcloud(args: readonly string[]): Promise<ProgramResult>;
  /**
   * Runs a command of the copy, as `npm run` does.
   *
   * @param environment variables to set beside those that lead gcloud to the stub
   */
  run(
    command: "provision" | "deploy" | "verify",
    args: readonly string[],
    environment?: NodeJS.ProcessEnv,
  ): Promise<ProgramResult>;
  close(): Promise<void>;
}

/** Makes the sandbox in a temporary folder: a build in it cannot disturb who reads the project's own `dist`. */
export async function openSandbox(project: string): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), "deploy-"));
  for (const entry of await readdir(root)) {
    if (entry === "node_modules" || entry === "dist" || entry === ".git") continue;
    await cp(join(root, entry), join(folder, entry), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const git = async (...args: string[]) =>
    (await runProgram("git", ["-C", folder, ...args], process.env)).stdout.trim();
  await git("init", "-q");
  await git("add", "-A");
  await git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "All");
  const commit = (await git("rev-parse", "HEAD")).slice(0, 12);
  const cloud = await startStubGoogleCloud(project);
  const gcloud = await openGcloud(cloud);
  return {
    project,
    folder,
    cloud,
    commit,
    environment: gcloud.environment,
    gcloud: (args) => runProgram("gcloud", args, gcloud.environment),
    run: (command, args, environment = {}) => {
      const script = join(folder, "scripts", "deploy", `${command}.ts`);
      return runProgram(process.execPath, [script, ...args], { ...gcloud.environment, ...environment });
    },
    close: async () => {
      await gcloud.close();
      await cloud.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The requests that change something. */
export function toChanges({ requests }: StubGoogleCloud): string[] {
  return requests
    .filter(
      ({ method, path, query }) => method !== "GET" && !path.endsWith(":getIamPolicy") && query.validateOnly !== "True",
    )
    .map(({ method, api, path }) => `${method} ${api}/${path}`);
}
