import { toIdentifier } from "../build/check-names.ts";
import { UsageError } from "../common/command.ts";

/** `refund.issued` is `Refund issued`. */
function toTitle(name: string): string {
  return name.replaceAll(/[._-]/g, " ").replace(/^./, (letter) => letter.toUpperCase());
}

/** The entry of an event type, which every test accepts as it is. */
function toEntry(type: string): string {
  return `    "${type}": {
      description: "${toTitle(type)}.",
      payload: v.looseObject({}),
      sample: {
        user_id: "usr_8821",
        payload: {},
      },
    },
`;
}

/** `shared/events/<domain>.ts` */
export function toDomainFile(domain: string, type: string): string {
  return `import * as v from "valibot";
import { defineDomain } from "./domain.ts";

/** ${toTitle(domain)}. */
export const ${toIdentifier(domain)} = defineDomain({
  name: "${domain}",
  entryPoint: "${toIdentifier(domain)}",
  topic: "pulsecart.${domain}-events",
  events: {
${toEntry(type)}  },
});
`;
}

/** `functions/<domain>.ts` */
export function toFunctionFile(domain: string): string {
  return `import { ${toIdentifier(domain)} as domain } from "../shared/events/${domain}.ts";
import { serve } from "../shared/serve.ts";

export const ${toIdentifier(domain)} = serve(domain);
`;
}

/** The end of a domain's file: of its events, and of `defineDomain`; behind it, nothing but comments. */
const END_OF_EVENTS = /\n {2}\},\n\}\);\n(?=(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*$)/;

/**
 * Adds an event type's entry behind the others of its domain.
 *
 * @param source of `shared/events/<domain>.ts`
 * @throws UsageError when the file does not end as a domain's file does
 */
export function addEntry(source: string, file: string, type: string): string {
  if (!END_OF_EVENTS.test(source)) {
    throw new UsageError(`${file} does not end with the events of defineDomain: add the entry by hand`);
  }
  const withEntry = source.replace(END_OF_EVENTS, (end) => `\n${toEntry(type)}${end.slice(1)}`);
  return withEntry.includes('import * as v from "valibot";')
    ? withEntry
    : `import * as v from "valibot";\n${withEntry}`;
}

/**
 * Adds a domain to the registry: its import, in the order of the files, and its line.
 *
 * @param source of `shared/events/registry.ts`
 * @throws UsageError when the registry is not as it was
 */
export function addDomain(source: string, domain: string): string {
  const name = toIdentifier(domain);
  const lines = source.split("\n");
  const path = (line: string) => /^import .* from "(\.\/.*)";$/.exec(line)?.[1];
  const siblings = lines.filter((line) => path(line) !== undefined);
  const behind =
    siblings.findLast((line) => (path(line) as string) < `./${domain}.ts`) ?? 'import type * as v from "valibot";';
  const end = lines.findIndex((line) => line.startsWith("} as const satisfies Readonly<Record<string, Domain>>;"));
  if (end === -1 || !lines.includes(behind)) {
    throw new UsageError("shared/events/registry.ts does not look as this command knows it: add the domain by hand");
  }
  lines.splice(end, 0, name === domain ? `  ${name},` : `  "${domain}": ${name},`);
  lines.splice(lines.indexOf(behind) + 1, 0, `import { ${name} } from "./${domain}.ts";`);
  return lines.join("\n");
}
