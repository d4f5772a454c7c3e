import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type BuildFailure, type BuildOptions, build, formatMessages, type Message, type OutputFile } from "esbuild";
import type { Domain } from "../../shared/events/domain.ts";
import { toBuildOptions } from "../build/build-function.ts";
import { toLocalBundle } from "./local-bundle.ts";

// node build-functions.ts NAME…: stages the registry's functions for the local stack and tells the process that forked it.
// Where the registry does not work, these are built all the same: esbuild says best what is wrong.
//
// A process of its own for each build, because a build runs sources (the registry, the OpenAPI document made from it), and
// a process keeps the modules that it has once loaded.

/** What the process tells: either all functions are staged, or nothing was written and this is why. */
export type BuildReport =
  | {
      /** By function name: a hash of its bundle, the same as long as nothing in it changed. */
      readonly bundles: Readonly<Record<string, string>>;
      /** By event type: the name of its function. */
      readonly eventTypes: Readonly<Record<string, string>>;
      /** Of each function that was built. */
      readonly domains: readonly Pick<Domain, "name" | "entryPoint" | "topic">[];
      /** Documents of all functions as JSON text, by the path that they are served at. */
      readonly documents: Readonly<Record<string, string>>;
    }
  | { readonly failure: string };

const names = await import("../../shared/events/registry.ts").then(
  ({ functionNames }): readonly string[] => functionNames,
  () => process.argv.slice(2),
);
// Not before it is sent: a report is larger than what a pipe takes at once.
process.send?.(await stage(names), () => process.disconnect?.());

async function stage(names: readonly string[]): Promise<BuildReport> {
  const builds = await Promise.allSettled(names.map((name) => build(toLocalOptions(name))));
  const failures = builds.filter((result) => result.status === "rejected").map(({ reason }) => reason as BuildFailure);
  if (failures.length > 0) return { failure: await describe(failures) };
  const outputs = builds.flatMap((result) => (result.status === "fulfilled" ? (result.value.outputFiles ?? []) : []));
  // Not before esbuild has found the sources in order: it tells better where they are not.
  const { domains } = await import("../../shared/events/registry.ts");
  const { toLocalDocuments } = await import("./local-documents.ts");
  const all = Object.values(domains);
  const documents = await toLocalDocuments(all);
  await Promise.all(outputs.map(writeIfChanged));
  return {
    bundles: Object.fromEntries(names.map((name) => [name, hashBundle(name, outputs)])),
    eventTypes: Object.fromEntries(
      all.flatMap((domain) => Object.keys(domain.events).map((type) => [type, domain.name])),
    ),
    domains: all.map(({ name, entryPoint, topic }) => ({ name, entryPoint, topic })),
    documents,
  };
}

/** Not minified: a stack trace shows lines that somebody wrote. */
function toLocalOptions(name: string): BuildOptions & { write: false } {
  return {
    ...toBuildOptions(name, { minify: false }),
    outfile: toLocalBundle(name),
    sourcesContent: true,
    write: false,
  };
}

function hashBundle(name: string, outputs: readonly OutputFile[]): string {
  const bundle = outputs.find(({ path }) => path === toLocalBundle(name));
  if (!bundle) throw new Error(`The build of ${name} has no output.`);
  return createHash("sha256").update(bundle.contents).digest("hex");
}

async function writeIfChanged({ path, contents }: OutputFile): Promise<void> {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(contents)) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}

/** The functions share most of their sources, and so their faults: each is told once. */
async function describe(failures: readonly BuildFailure[]): Promise<string> {
  const all = failures.flatMap((failure): Message[] => failure.errors ?? [{ text: String(failure) }]);
  // Behind a fault in a source, what that source would have imported is missing as well: no news.
  const inSources = all.filter(({ pluginName }) => !pluginName);
  const texts = await formatMessages(inSources.length > 0 ? inSources : all, { kind: "error", terminalWidth: 100 });
  return [...new Set(texts.map((text) => text.trimEnd()))].join("\n\n");
}
