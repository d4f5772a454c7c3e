import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import type { Domain } from "../../shared/events/domain.ts";
import { answerSchemas } from "./openapi/answer-schemas.ts";
import { toComponentName } from "./openapi/event-schemas.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Of a service account's 30 characters, `pulsecart-` takes 10. */
const MAX_DOMAIN_LENGTH = 20;

/** What has the name already. */
const taken: Readonly<Record<string, string>> = {
  ...{ client: "dist/client/ is the callers' package", local: "dist/local/ is what npm start builds" },
  ...{ schemas: "dist/schemas/ is npm run schemas'", asyncapi: "dist/asyncapi/ is npm run asyncapi's" },
  ...{ openapi: "dist/openapi/ is npm run openapi's", pulsecart: "pulsecart.json describes all functions" },
  ...{
    console: "the local stack's",
    docs: "the local stack's",
    events: "the local stack's",
    health: "the local stack's",
  },
  ...{ build: "pulsecart-build is the builder's account", serve: "functions import it", v: "it is valibot" },
};

/** `gift-cards` is `giftCards`: the name of the domain's constant, and of the entry point. */
export function toIdentifier(domain: string): string {
  return domain.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Says why no domain can have a name.
 *
 * @returns one line; undefined where one can
 */
export function findDomainFault(name: string): string | undefined {
  if (!/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name) || name.length > MAX_DOMAIN_LENGTH) {
    return `a domain's name is at most ${MAX_DOMAIN_LENGTH} of a-z 0-9 -, such as loyalty, not ${JSON.stringify(name)}`;
  }
  const identifier = toIdentifier(name);
  const meaning = Object.hasOwn(taken, name) ? taken[name] : findMeaning(identifier);
  return meaning && `${name} cannot be a domain's name: ${meaning}`;
}

function findMeaning(identifier: string): string | undefined {
  // `await` is a word of modules alone, and `type` one of TypeScript's imports.
  if (!isConstant(identifier) || ["await", "type"].includes(identifier))
    return `${identifier} is a word of the language`;
  if (identifier in globalThis) return `${identifier} is the runtime's`;
  const file = globSync("shared/events/*.ts", { cwd: root }).find((each) => declares(each, identifier));
  return file?.replaceAll("\\", "/").concat(` has a ${identifier} already`);
}

/** Whether a constant may have the name; nothing is run. */
function isConstant(identifier: string): boolean {
  try {
    new Script(`"use strict"; const ${identifier} = 0;`);
    return true;
  } catch {
    return false;
  }
}

function declares(file: string, name: string): boolean {
  const source = readFileSync(`${root}${file}`, "utf8");
  const declared = source.matchAll(/^(?:export )?(?:const|function) (\w+)/gm);
  return [...declared].some(([, each]) => each === name) && !source.includes(`const ${name} = defineDomain(`);
}

/**
 * Says why no event type can have a name.
 *
 * @returns one line; undefined where one can
 */
export function findTypeFault(type: string): string | undefined {
  if (/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/.test(type) && type.length <= 100) return undefined;
  return `an event type is words of a-z 0-9 _ joined by dots, such as refund.issued, not ${JSON.stringify(type)}`;
}

/**
 * Finds what would have the same name in the OpenAPI document, where one schema would silently replace the other.
 *
 * @returns one line for each
 */
export function listCollisions(domains: Readonly<Record<string, Pick<Domain, "name" | "events">>>): string[] {
  const all = Object.values(domains);
  const events = all.flatMap((domain) => Object.values(domain.events));
  const fields = new Set(events.flatMap(({ schema }) => Object.keys(schema.entries)));
  const named: (readonly [component: string, what: string])[] = [
    ...Object.keys(answerSchemas).map((name) => [name, "an answer"] as const),
    ...[...fields].map((field) => [toComponentName(field), `the field ${field}`] as const),
    ...all.map(({ name }) => [`${toComponentName(name)}Event`, `all events of ${name}`] as const),
    ...events.map(({ type }) => [toComponentName(type), type] as const),
    // Also of a type whose payload is free: it may have a schema one day.
    ...events.map(({ type }) => [`${toComponentName(type)}Payload`, `the payload of ${type}`] as const),
  ];
  return named.flatMap(([component, what], index) => {
    const other = named.slice(0, index).find(([name, each]) => name === component && each !== what);
    // Two types that collide have payloads that do.
    const isSaid = what.startsWith("the payload") && other?.[1].startsWith("the payload");
    return other && !isSaid ? [`${what} and ${other[1]} would both be ${component} in the OpenAPI document`] : [];
  });
}
