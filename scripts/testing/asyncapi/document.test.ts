import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { toAsyncApi } from "../../build/asyncapi/document.ts";
import { toPublished } from "../../build/schemas/picture.ts";
import { installPackage } from "../../common/run-program.ts";

const INSTALL_TIMEOUT_MS = 300_000;
/** As the parser numbers it. */
const ERROR = 0;

interface Parsed {
  readonly document?: { operations(): { all(): readonly unknown[] }; messages(): { all(): readonly unknown[] } };
  readonly diagnostics: readonly { readonly severity: number; readonly message: string }[];
}

const all = Object.values<Domain>(domains);
const document = toAsyncApi(all);
let parse: (source: string) => Promise<Parsed>;

// The parser is in this folder's own package: the project's packages do without it.
beforeAll(() => {
  installPackage(fileURLToPath(new URL(".", import.meta.url)));
  const { Parser } = createRequire(import.meta.url)("@asyncapi/parser");
  parse = (source) => new Parser().parse(source);
}, INSTALL_TIMEOUT_MS);

const listErrors = async (source: object) =>
  (await parse(JSON.stringify(source))).diagnostics.filter(({ severity }) => severity === ERROR);

describe("the AsyncAPI document", () => {
  it("is valid, and its parser finds an operation a function and a message an event type", async () => {
    const parsed = await parse(JSON.stringify(document));
    expect(parsed.diagnostics.filter(({ severity }) => severity === ERROR)).toEqual([]);
    expect(parsed.document?.operations().all()).toHaveLength(all.length);
    const types = all.flatMap((domain) => Object.keys(domain.events));
    expect(new Set(parsed.document?.messages().all())).toHaveProperty("size", types.length);
  });

  it("would not be valid with a schema that is none, nor with a reference that leads nowhere", async () => {
    const broken = structuredClone(document) as unknown as {
      components: { messages: Record<string, { payload: object }> };
    };
    for (const message of Object.values(broken.components.messages)) message.payload = { type: "text" };
    expect(await listErrors(broken)).not.toEqual([]);
    const lost = { ...document, components: { messages: {} } };
    expect(await listErrors(lost)).not.toEqual([]);
  });

  it.each(all)("has the channel of $topic, and $name that sends to it", ({ name, topic, events }) => {
    expect(document.channels[topic]).toMatchObject({ address: `projects/{project}/topics/${topic}` });
    expect(document.operations[name]).toMatchObject({ action: "send", channel: { $ref: `#/channels/${topic}` } });
    expect(Object.keys((document.channels[topic] as { messages: object }).messages)).toEqual(Object.keys(events));
  });

  const events = all.flatMap((domain) => Object.values(domain.events));
  it.each(events)("$type: its payload is the published schema, and its example keeps to both schemas", (event) => {
    const message = document.components.messages[event.type];
    const { $schema: _, $id: _id, ...published } = toPublished(event);
    expect(message).toMatchObject({
      name: event.type,
      correlationId: { location: "$message.header#/event_id" },
      bindings: { googlepubsub: { bindingVersion: "0.2.0", orderingKey: "user_id" } },
    });
    // Without the rules that stand beside it for the gate.
    expect(message?.payload).toEqual(JSON.parse(JSON.stringify(published)));
    // The parser does not compare examples with schemas.
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const { headers, payload } of message?.examples ?? []) {
      expect(ajv.validate(message?.headers ?? false, headers), ajv.errorsText()).toBe(true);
      expect(ajv.validate(message?.payload ?? false, payload), ajv.errorsText()).toBe(true);
    }
    expect(message?.examples).toHaveLength(1);
  });
});
