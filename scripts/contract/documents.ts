import { existsSync } from "node:fs";
import type { DefinedEvent, Domain } from "../../shared/events/domain.ts";
import { envelope } from "../../shared/events/envelope.ts";
import { readText, writeText } from "../common/text-file.ts";

const root = new URL("../../", import.meta.url);

/** What prints each marked region; a region begins with `<!-- NAME: npm run contract -- --write -->`. */
const printers: Readonly<Record<string, (domains: readonly Domain[]) => string>> = {
  events: printEvents,
};

/** Documents in which a marked table, or a list of the functions, follows the registry. */
const documents = ["README.md", "docs/operations.md", "docs/ci.md"].filter((file) => existsSync(new URL(file, root)));

/** @returns the documents whose regions are not what the registry says; throws where a region has no end */
export function listStaleDocuments(domains: readonly Domain[]): string[] {
  return documents.filter((file) => renew(file, domains) !== read(file));
}

/** Renews the marked regions. @returns the documents that it wrote */
export function writeDocuments(domains: readonly Domain[]): string[] {
  const stale = listStaleDocuments(domains);
  for (const file of stale) writeText(new URL(file, root), renew(file, domains));
  return stale;
}

/** Lists of the functions in commands and queries, where a comment would be part of what is copied. */
const lists: readonly (readonly [RegExp, (names: readonly string[]) => string])[] = [
  [/service_name=\("[^)\n]*"\)/g, (names) => `service_name=(${names.map((name) => `"${name}"`).join(" OR ")})`],
  [/for name in [a-z0-9 -]+(?<! build); do/g, (names) => `for name in ${names.join(" ")}; do`],
  // Accounts: the builder's besides.
  [/for name in [a-z0-9 -]+ build; do/g, (names) => `for name in ${names.join(" ")} build; do`],
];

function renew(file: string, domains: readonly Domain[]): string {
  const names = domains.map(({ name }) => name);
  const text = lists.reduce((before, [list, print]) => before.replaceAll(list, () => print(names)), read(file));
  return text.replaceAll(
    /(<!-- (\w+): npm run contract -- --write -->\n)(.*?)(<!-- \/\w+ -->|$)/gs,
    (_, start: string, name: string, _old: string, end: string) => {
      const print = printers[name];
      if (!print || end !== `<!-- /${name} -->`)
        throw new Error(`${file} has a region ${name} without an end or a printer`);
      return `${start}${print(domains)}${end}`;
    },
  );
}

function read(file: string): string {
  return readText(new URL(file, root)) ?? "";
}

function printEvents(domains: readonly Domain[]): string {
  const rows = domains.flatMap((domain) => [
    `| **\`${domain.name}\`** → topic \`${domain.topic}\` | | | |`,
    ...Object.values(domain.events).map(printEvent),
  ]);
  const head = ["| event type | what happened | needs | `payload` (bold: required) |", "|---|---|---|---|"];
  return [...head, ...rows, ""].join("\n");
}

function printEvent({ type, description, owner, schema, payload }: DefinedEvent): string {
  const own = Object.keys(schema.entries).filter((field) => field !== "event_type" && !(field in envelope));
  return `| \`${type}\` | ${description}${owner === undefined ? "" : ` (${owner})`} | ${own.map((field) => `\`${field}\` `).join("")}| ${printMembers(payload)} |`;
}

/** The members that a payload's schema names, those that it requires in bold; "free" where it names none. */
function printMembers(payload: DefinedEvent["payload"]): string {
  const entries =
    payload && "entries" in payload ? Object.entries(payload.entries as Record<string, { type: string }>) : [];
  const isOptional = (type: string) => type === "optional" || type === "nullish";
  return entries.map(([name, { type }]) => (isOptional(type) ? name : `**${name}**`)).join(", ") || "free";
}
