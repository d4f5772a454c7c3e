import { domains } from "../../shared/events/registry.ts";
import { toDocument } from "./document.ts";

// node scripts/openapi/print.ts commerce: the OpenAPI document of one function, compact, as its bundle holds it.

const name = process.argv[2] ?? "";
if (!Object.hasOwn(domains, name)) throw new Error(`Name one of ${Object.keys(domains).join(", ")}.`);
process.stdout.write(JSON.stringify(toDocument(domains[name as keyof typeof domains])));
