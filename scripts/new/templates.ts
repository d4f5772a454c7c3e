import { toIdentifier } from "../build/check-names.ts";

/** `refund.issued` is `Refund issued`. */
function toTitle(name: string): string {
  return name.replaceAll(/[._-]/g, " ").replace(/^./, (letter) => letter.toUpperCase());
}

/** The entry of an event type, which every test accepts as it is. */
export function toEntry(type: string): string {
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
