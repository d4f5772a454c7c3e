import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { domains, findEvent } from "../../shared/events/registry.ts";
import { readArguments, runCommand, UsageError } from "../common/command.ts";
import { addDomain, addEntry } from "./edits.ts";
import { toDomainFile, toFunctionFile } from "./templates.ts";

// npm run new: writes what cannot be derived of a new event type, or of a new domain. See `usage`.

const usage = `Usage: npm run new -- event DOMAIN TYPE     such as: event commerce refund.issued
       npm run new -- domain NAME TYPE      such as: domain loyalty points.earned

Adds an event type to a domain, or a domain with its first event type; everything else follows from the registry.
`;

const root = new URL("../../", import.meta.url);

/** Of a service account's 30 characters, `pulsecart-` takes 10. */
const MAX_DOMAIN_LENGTH = 20;
/** Paths of the local stack, and words that name no constant. */
const taken = new Set([
  "console",
  "docs",
  "events",
  "health",
  "default",
  "delete",
  "export",
  "function",
  "import",
  "new",
  "package",
  "return",
  "switch",
  "domain",
  "serve",
]);

await runCommand(async (args) => {
  const { values, positionals } = readArguments(args, { help: { type: "boolean" } }, true);
  const [kind, name = "", type = ""] = positionals;
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (positionals.length !== 3 || (kind !== "event" && kind !== "domain")) throw new UsageError(usage.trimEnd());
  checkType(type);
  if (kind === "event") addEvent(name, type);
  else addWholeDomain(name, type);
  return derive(kind, name, type);
});

function checkType(type: string): void {
  if (!/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/.test(type) || type.length > 100) {
    throw new UsageError(
      `an event type is words of a-z 0-9 _ joined by dots, such as refund.issued, not ${JSON.stringify(type)}`,
    );
  }
  const owner = findEvent(type)?.domain.name;
  if (owner !== undefined) throw new UsageError(`${type} is an event type of ${owner} already`);
}

function addEvent(name: string, type: string): void {
  if (!Object.hasOwn(domains, name)) {
    throw new UsageError(`there is no domain ${JSON.stringify(name)}; there are ${Object.keys(domains).join(", ")}`);
  }
  const file = `shared/events/${name}.ts`;
  if (!existsSync(new URL(file, root)))
    throw new UsageError(`the domain ${name} has no file ${file}: add the entry by hand`);
  write(file, addEntry(read(file), file, type));
}

function addWholeDomain(name: string, type: string): void {
  if (!/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name) || name.length > MAX_DOMAIN_LENGTH) {
    throw new UsageError(
      `a domain's name is at most ${MAX_DOMAIN_LENGTH} of a-z 0-9 -, such as loyalty, not ${JSON.stringify(name)}`,
    );
  }
  if (taken.has(name)) throw new UsageError(`${name} cannot be a domain's name: it means something else`);
  const files = [`shared/events/${name}.ts`, `functions/${name}.ts`];
  const present = files.find((file) => existsSync(new URL(file, root)));
  if (present !== undefined) throw new UsageError(`${present} is there already`);
  const registry = addDomain(read("shared/events/registry.ts"), name);
  write(files[0] as string, toDomainFile(name, type));
  write(files[1] as string, toFunctionFile(name));
  write("shared/events/registry.ts", registry);
}

/** In a process of its own: this one has the registry as it was. */
function derive(kind: "event" | "domain", name: string, type: string): number {
  const { status } = spawnSync(process.execPath, ["scripts/contract/main.ts", "--write"], {
    cwd: fileURLToPath(root),
    stdio: "inherit",
  });
  if (status !== 0) return status ?? 1;
  console.log(kind === "event" ? whatIsLeft(name, type) : `${whatIsLeft(name, type)}\n${whatIsLeftOfDomain(name)}`);
  return 0;
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

function read(file: string): string {
  return readFileSync(new URL(file, root), "utf8");
}

function write(file: string, text: string): void {
  writeFileSync(new URL(file, root), text);
  console.log(`${file} written`);
}
