import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type ProgramResult, runProgram } from "../../common/run-program.ts";
import { ProjectCopy } from "../project-copy.ts";
import { openGcloud } from "./gcloud-environment.ts";
import { type StubGoogleCloud, startStubGoogleCloud } from "./google-cloud.ts";

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
  const copy = new ProjectCopy();
  const { folder } = copy;
  const commit = copy.git("rev-parse", "HEAD").stdout.slice(0, 12);
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
      copy.close();
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
