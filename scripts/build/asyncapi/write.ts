import { mkdir, writeFile } from "node:fs/promises";
import { domains } from "../../../shared/events/registry.ts";
import { toAsyncApi } from "./document.ts";

// npm run asyncapi: dist/asyncapi/pulsecart.json, the AsyncAPI document of everything that is published.

const folder = new URL("../../../dist/asyncapi/", import.meta.url);
await mkdir(folder, { recursive: true });
const document = toAsyncApi(Object.values(domains));
await writeFile(new URL("pulsecart.json", folder), `${JSON.stringify(document, null, 2)}\n`);
console.log("dist/asyncapi/pulsecart.json");
