import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DefinedEvent, Domain } from "../../shared/events/domain.ts";
import { domains, findEvent } from "../../shared/events/registry.ts";
import { findDomainFault, findTypeFault, listCollisions } from "../build/check-names.ts";
import { readArguments, runCommand, UsageError } from "../common/command.ts";
import { readText, writeText } from "../common/text-file.ts";
import { addDomain, addEntry, toDomainFile, toFunctionFile } from "./edits.ts";

const root = new URL("../../", import.meta.url);

/** What `npm run new` writes, and what is generated from that. */
const patterns = ["shared/events/**/*.{ts,json}", "functions/*.ts", "README.md", "docs/*.md"];

/** The files as they were before a command, to bring them back when it fails half-way. */
class Tree {
  readonly #before = new Map(list().map((file) => [file, readFileSync(new URL(file, root))]));

  /** Writes back what has changed, and removes what has come. */
  restore(): void {
    const present = new Set(list());
    for (const file of present) if (!this.#before.has(file)) rmSync(new URL(file, root));
    for (const [file, content] of this.#before) {
      const url = new URL(file, root);
      if (!present.has(file) || !readFileSync(url).equals(content)) writeFileSync(url, content);
    }
  }
}

function list(): string[] {
  return globSync(patterns, { cwd: fileURLToPath(root) }).map((file) => file.replaceAll("\\", "/"));
}

// npm run new: writes what cannot be derived of a new event type, or of a new domain. See `usage`.

const usage = `Usage: npm run new -- event DOMAIN TYPE     such as: event commerce refund.issued
       npm run new -- domain NAME TYPE      such as: domain loyalty points.earned

Adds an event type to a domain, or a domain with its first event type; everything else follows from the registry.
`;

await runCommand(async (args) => {
  const { values, positionals } = readArguments(args, { help: { type: "boolean" } }, true);
  const [kind, name = "", type = ""] = positionals;
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (positionals.length !== 3 || (kind !== "event" && kind !== "domain")) throw new UsageError(usage.trimEnd());
  const files = kind === "event" ? planEvent(name, type) : planDomain(name, type);
  checkDocuments(name, type);
  return write(files) ? succeed(kind, name, type) : fail();
});

/** The texts of files that are new or different, by their place. */
type Plan = Readonly<Record<string, string>>;

function planEvent(name: string, type: string): Plan {
  if (!Object.hasOwn(domains, name)) {
    throw new UsageError(`there is no domain ${JSON.stringify(name)}; there are ${Object.keys(domains).join(", ")}`);
  }
  const file = `shared/events/${name}.ts`;
  const source = readText(new URL(file, root));
  if (source === undefined) throw new UsageError(`the domain ${name} has no file ${file}: add the entry by hand`);
  return { [file]: addEntry(source, file, type) };
}

function planDomain(name: string, type: string): Plan {
  const fault = findDomainFault(name);
  if (fault !== undefined) throw new UsageError(fault);
  const files = [`shared/events/${name}.ts`, `functions/${name}.ts`] as const;
  const present = files.find((file) => existsSync(new URL(file, root)));
  if (present !== undefined) throw new UsageError(`${present} is there already`);
  const registry = "shared/events/registry.ts";
  return {
    [files[0]]: toDomainFile(name, type),
    [files[1]]: toFunctionFile(name),
    [registry]: addDomain(readText(new URL(registry, root)) ?? "", name),
  };
}

/** A type that is there already, or that something else of the documents is named like. */
function checkDocuments(name: string, type: string): void {
  const owner = findEvent(type)?.domain.name;
  const fault = owner === undefined ? findTypeFault(type) : `${type} is an event type of ${owner} already`;
  if (fault !== undefined) throw new UsageError(fault);
  const all: Readonly<Record<string, Pick<Domain, "name" | "events">>> = domains;
  // Its schema adds no field, and so no name.
  const event = { type, schema: { entries: {} } } as unknown as DefinedEvent;
  const [collision] = listCollisions({ ...all, [name]: { name, events: { ...all[name]?.events, [type]: event } } });
  if (collision !== undefined) throw new UsageError(collision);
}

/** Writes the files and all that follows from them, or nothing. @returns whether it did */
function write(files: Plan): boolean {
  const before = new Tree();
  // Ctrl+C ends the process that derives, and this one takes back what is written.
  process.on("SIGINT", () => {});
  try {
    for (const [file, text] of Object.entries(files)) {
      writeText(new URL(file, root), text);
      console.log(`${file} written`);
    }
    if (derive()) return true;
  } catch (error) {
    console.error((error as Error).message);
  }
  before.restore();
  return false;
}

/** In a process of its own: this one has the registry as it was. */
function derive(): boolean {
  const { status } = spawnSync(process.execPath, ["scripts/contract/main.ts", "--write"], {
    cwd: fileURLToPath(root),
    stdio: "inherit",
  });
  return status === 0;
}

function succeed(kind: string, name: string, type: string): number {
  console.log(kind === "event" ? whatIsLeft(name, type) : `${whatIsLeft(name, type)}\n${whatIsLeftOfDomain(name)}`);
  return 0;
}

function fail(): number {
  console.error("new: nothing was changed");
  return 1;
}

function whatIsLeft(name: string, type: string): string {
  return `
Left to think about, in shared/events/${name}.ts:
  description   one sentence: what happened
  fields        session_id or order_id, where ${type} cannot do without
  payload       the members that consumers count on, with their bounds; others are free
  enforce       true once every caller keeps to it: until then a payload that breaks it is accepted and reported
  sample        a realistic event: it is what the documents and the console show
After a change there: npm run contract -- --write, then npm test.`;
}

function whatIsLeftOfDomain(name: string): string {
  return `
Left to think about, of the domain:
  topic         pulsecart.${name}-events: its name is part of the contract from the first message on
  instances     scripts/deploy/function-settings.ts, where the defaults do not fit
  provisioning  npm run provision -- --project P --region R
  who may call  npm run deploy -- --project P --region R --invoker serviceAccount:… ${name}`;
}
