import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Stands for the project's number in commands that are printed and not run: the shell fills it in. */
export const projectNumberVariable = "$PROJECT_NUMBER";

/** Writes a command so that it can be pasted into a POSIX shell and reaches the program as the same arguments. */
export function toShellCommand(program: string, args: readonly string[]): string {
  return [program, ...args].map(quote).join(" ");
}

function quote(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  if (argument.includes(projectNumberVariable)) return `"${argument}"`;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** A gcloud call that did not exit with 0: what was called and what it said. */
export class GcloudError extends Error {
  override readonly name = "GcloudError";
  readonly args: readonly string[];
  readonly stderr: string;

  constructor(args: readonly string[], stderr: string) {
    super(`gcloud ${args.join(" ")} failed: ${stderr}`);
    this.args = args;
    this.stderr = stderr;
  }
}

/** There is no `gcloud` on the PATH. */
export class GcloudMissingError extends Error {
  override readonly name = "GcloudMissingError";
}

/**
 * Runs the user's own gcloud, without a shell and without its questions.
 *
 * @param args the arguments, as they would be typed
 * @param options.onLine receives each line that gcloud writes about its progress
 * @param options.input what gcloud reads on stdin; nothing unless given
 * @param options.signal ends gcloud, which then counts as failed
 * @returns what gcloud printed on stdout, trimmed
 * @throws GcloudError where it failed, GcloudMissingError where there is none
 */
export function runGcloud(
  args: readonly string[],
  {
    onLine,
    input,
    signal,
  }: { onLine?: (line: string) => void; input?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("gcloud", args, { stdio: ["pipe", "pipe", "pipe"], signal });
    // A gcloud that ends without reading its input has said why on stderr.
    child.stdin.on("error", () => {}).end(input ?? "");
    let stdout = "";
    const errorLines: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      errorLines.push(line);
      onLine?.(line);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new GcloudMissingError("gcloud is not installed") : error);
    });
    child.on("close", (code) => {
      if (code === 0) resolve(stdout.trim());
      else reject(new GcloudError(args, errorLines.join("\n")));
    });
  });
}

/**
 * Runs a gcloud command that reads one resource and prints JSON.
 *
 * @returns the parsed JSON, or undefined where the resource does not exist
 * @throws GcloudError for every other failure
 */
export async function readGcloud(args: readonly string[]): Promise<unknown> {
  try {
    return JSON.parse(await runGcloud(args));
  } catch (error) {
    if (error instanceof GcloudError && /\bNOT_FOUND\b|\bHTTPError 404\b|Cannot find service/.test(error.stderr))
      return undefined;
    throw error;
  }
}
