import { mkdir, rm, writeFile } from "node:fs/promises";
import type { Domain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { toAsyncApi } from "./asyncapi/document.ts";
import { toDocument, toMergedDocument } from "./openapi/document.ts";
import { toMessageSample, toPublished } from "./schemas/picture.ts";

// npm run openapi | asyncapi | schemas: the documents of callers and consumers, each in its folder of dist/.

const all: readonly Domain[] = Object.values(domains);

/** For each command its files, by name. */
const documents: Readonly<Record<string, () => Readonly<Record<string, object>>>> = {
  /** Each function's own, and pulsecart.json, which is all of them. */
  openapi: () => ({
    ...Object.fromEntries(all.map((domain) => [domain.name, toDocument(domain)])),
    pulsecart: toMergedDocument(all),
  }),
  /** Everything that is published. */
  asyncapi: () => ({ pulsecart: toAsyncApi(all) }),
  /** The JSON Schema of each event type's messages, and index.json, which lists them. */
  schemas() {
    const events = all.flatMap((domain) => Object.values(domain.events).map((event) => ({ domain, event })));
    return {
      ...Object.fromEntries(
        events.map(({ event }) => [event.type, { ...toPublished(event), examples: [toMessageSample(event.sample)] }]),
      ),
      index: Object.fromEntries(
        events.map(({ domain, event: { type } }) => [
          type,
          { topic: domain.topic, function: domain.name, file: `${type}.json` },
        ]),
      ),
    };
  },
};

const [name = ""] = process.argv.slice(2);
const folder = new URL(`../../dist/${name}/`, import.meta.url);
// What is no longer in the registry must not stay behind.
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
for (const [file, document] of Object.entries(documents[name]?.() ?? {})) {
  await writeFile(new URL(`${file}.json`, folder), `${JSON.stringify(document, null, 2)}\n`);
  console.log(`dist/${name}/${file}.json`);
}
