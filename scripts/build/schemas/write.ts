import { mkdir, rm, writeFile } from "node:fs/promises";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { toMessageSample, toPublished } from "./picture.ts";

// npm run schemas: dist/schemas/ with the JSON Schema of each event type's messages, and index.json, which lists them.

const folder = new URL("../../../dist/schemas/", import.meta.url);
// A type that is gone must not stay behind.
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const index: Record<string, { topic: string; function: string; file: string }> = {};
for (const domain of Object.values<Domain>(domains)) {
  for (const event of Object.values(domain.events)) {
    const file = `${event.type}.json`;
    await write(file, { ...toPublished(event), examples: [toMessageSample(event.sample)] });
    index[event.type] = { topic: domain.topic, function: domain.name, file };
  }
}
await write("index.json", index);

async function write(file: string, content: object): Promise<void> {
  await writeFile(new URL(file, folder), `${JSON.stringify(content, null, 2)}\n`);
  console.log(`dist/schemas/${file}`);
}
