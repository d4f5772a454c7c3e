import { mkdir, writeFile } from "node:fs/promises";
import { domains } from "../../../shared/events/registry.ts";
import { type OpenApiDocument, toDocument, toMergedDocument } from "./document.ts";

// npm run openapi: dist/openapi/ with the OpenAPI document of each function, and pulsecart.json, which is all of them.

const folder = new URL("../../../dist/openapi/", import.meta.url);
const all = Object.values(domains);
await mkdir(folder, { recursive: true });
for (const domain of all) await write(domain.name, toDocument(domain));
await write("pulsecart", toMergedDocument(all));

async function write(name: string, document: OpenApiDocument): Promise<void> {
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(document, null, 2)}\n`);
  console.log(`dist/openapi/${name}.json`);
}
