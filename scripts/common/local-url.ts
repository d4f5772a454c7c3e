import { UsageError } from "./command.ts";

const isUrl = (text: string) => /^https?:\/\/\S+$/.test(text);

/** Of a command that can be asked about the local stack: `--local [URL]`. */
export const localOption = { local: { type: "boolean", default: false } } as const;

/** The URL is optional, which Node's options know nothing of: `--local=URL` becomes two arguments. */
export function separateLocalUrl(args: readonly string[]): string[] {
  return args.flatMap((arg) => (arg.startsWith("--local=") ? ["--local", arg.slice("--local=".length)] : [arg]));
}

/**
 * Reads where the local stack is.
 *
 * @param positionals what stands beside the options, a URL among it
 * @param cloudOptions the options that do not go with `--local`, by their names
 * @returns the stack's URL, without a slash at its end and undefined without `--local`, and the other positionals
 * @throws UsageError for a URL too many, one without `--local`, and options of the cloud beside `--local`
 */
export function readLocalUrl(
  isLocal: boolean,
  positionals: readonly string[],
  cloudOptions: Readonly<Record<string, unknown>>,
): { readonly url: string | undefined; readonly rest: readonly string[] } {
  const urls = positionals.filter(isUrl);
  const rest = positionals.filter((text) => !isUrl(text));
  if (!isLocal) {
    if (urls.length > 0) throw new UsageError(`${urls[0]} needs --local`);
    return { url: undefined, rest };
  }
  const stray = Object.keys(cloudOptions).find((name) => cloudOptions[name] !== undefined);
  if (stray !== undefined) throw new UsageError(`--${stray} does not go with --local`);
  if (urls.length > 1) throw new UsageError("--local takes one URL");
  return { url: (urls[0] ?? "http://localhost:8000").replace(/\/$/, ""), rest };
}

/**
 * Asks the front of the local stack.
 *
 * @param url without a slash at its end
 * @returns the parsed answer
 * @throws UsageError where no local stack answers
 */
export async function askLocalStack(url: string, path: string): Promise<unknown> {
  try {
    const response = await fetch(url + path, { signal: AbortSignal.timeout(30_000) });
    if (response.ok) return await response.json();
  } catch {}
  throw new UsageError(
    `no local stack answers at ${url}; start it with npm start, or give its URL: --local http://localhost:PORT`,
  );
}
