import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DefinedEvent, Domain } from "../../shared/events/domain.ts";

import { listFaults } from "../../shared/events/judging/faults.ts";
import { prepare } from "../../shared/events/judging/prepare.ts";

import { findDomainFault, findTypeFault, listCollisions } from "./check-names.ts";

const root = new URL("../../", import.meta.url);

/**
 * Finds what was forgotten by hand: without this it would show as errors of something else.
 *
 * @param domains the registry's
 * @returns a line for each, which names the file
 */
export function listForgotten(domains: Readonly<Record<string, Domain>>): string[] {
  const all = Object.entries(domains);
  return [
    ...listStrays(new Set(Object.keys(domains))),
    ...all.flatMap(([name, domain]) => checkDomain(name, domain)),
    ...all.flatMap(([name, { events }]) =>
      [findDomainFault(name), ...Object.keys(events).map(findTypeFault)].flatMap((fault) =>
        fault === undefined ? [] : [`shared/events/${name}.ts: ${fault}`],
      ),
    ),
    ...all.flatMap(([name, { events }]) =>
      Object.values(events).flatMap((event) => checkOwner(findFile(name, event.type), event)),
    ),
    ...listCollisions(domains).map((collision) => `shared/events/: ${collision}`),
    ...all.flatMap(([name, { events }]) =>
      Object.values(events).flatMap((event) => checkSample(findFile(name, event.type), event)),
    ),
    ...listTwice(all.flatMap(([, { events }]) => Object.keys(events))).map(
      (type) => `shared/events/: ${type} is an event type of two domains`,
    ),
    ...listTwice(all.map(([, { topic }]) => topic)).map(
      (topic) => `shared/events/: two domains have the topic ${topic}`,
    ),
  ];
}

/** Files that the registry does not know. */
function listStrays(names: ReadonlySet<string>): string[] {
  const strays = (pattern: string, isDomain: (source: string) => boolean) =>
    globSync(pattern, { cwd: fileURLToPath(root) })
      .filter((file) => !file.endsWith(".test.ts") && isDomain(read(file)))
      .filter((file) => !names.has(file.slice(file.lastIndexOf("/") + 1, -".ts".length)));
  return [
    ...strays("shared/events/*.ts", (source) => source.includes("= defineDomain(")),
    ...strays("functions/*.ts", (source) => source.includes("serve(")),
  ].map((file) => `${file}: its domain is not in shared/events/registry.ts`);
}

function checkDomain(name: string, domain: Domain): string[] {
  const file = `functions/${name}.ts`;
  if (domain.name !== name) {
    return [
      `shared/events/registry.ts: ${JSON.stringify(name)} is a domain whose own name is ${JSON.stringify(domain.name)}`,
    ];
  }
  if (!existsSync(new URL(file, root))) return [`${file} is missing: the domain ${name} has no function`];
  if (read(file).includes(`export const ${domain.entryPoint} =`)) return [];
  return [`${file} does not export ${domain.entryPoint}, the entry point of the domain ${name}`];
}

function checkSample(file: string, { type, schema, payload, sample }: DefinedEvent): string[] {
  const faults = [
    ...(listFaults(prepare(schema), sample, "")?.keys() ?? []),
    ...((payload && listFaults(prepare(payload), sample.payload, "payload"))?.keys() ?? []),
  ];
  return faults.length > 0
    ? [`${file}: the sample of ${type} breaks its schema at ${[...new Set(faults)].join(", ")}`]
    : [];
}

/** It becomes a cell of a table and the end of a line. */
function checkOwner(file: string, { type, owner }: DefinedEvent): string[] {
  if (owner === undefined || /^[^\p{C}|]{1,100}$/u.test(owner)) return [];
  return [`${file}: the owner of ${type} must be one line of 1 to 100 characters without |`];
}

/** The file that states an event type: that of its domain, by custom. */
function findFile(domain: string, type: string): string {
  const files = globSync("shared/events/*.ts", { cwd: fileURLToPath(root) });
  const stating = files.find((file) => !file.endsWith(".test.ts") && read(file).includes(`${JSON.stringify(type)}: {`));
  return stating ?? `shared/events/${domain}.ts`;
}

function listTwice(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function read(file: string): string {
  return readFileSync(new URL(file, root), "utf8");
}
