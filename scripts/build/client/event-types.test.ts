import * as v from "valibot";
import { expect, it } from "vitest";
import { defineDomain } from "../../../shared/events/domain.ts";
import { toAsyncApi } from "../asyncapi/document.ts";
import { toDocument } from "../openapi/document.ts";
import { toPublished } from "../schemas/picture.ts";
import { toEventTypes } from "./event-types.ts";

const tree: v.GenericSchema = v.object({ children: v.optional(v.array(v.lazy(() => tree))) });

// Members that have the names of keywords, each of them with a reference inside.
const names = ["$ref", "$defs", "const", "default", "enum", "id", "properties", "title", "type"];
const payload = v.object(Object.fromEntries(names.map((name) => [name, v.lazy(() => tree)])));
const events = { "a.b": { description: "A.", payload, sample: { user_id: "u", payload: {} } } };
const domain = defineDomain({ name: "shop", entryPoint: "shop", topic: "shop", events });

it("has a type for every member, whatever its name, and for what contains itself", async () => {
  const types = await toEventTypes({ shop: domain });
  for (const name of names) expect(types).toMatch(new RegExp(`\\n"?${name.replace("$", "\\$")}"?: ABPart\\d+\\n`));
  expect(types).toMatch(/interface (ABPart\d+) \{\nchildren\?: \1\[\]\n/);
});

it("says of any payload that it is an object, as the envelope does", () => {
  for (const schema of [v.any(), v.nullable(v.looseObject({})), v.lazy(() => tree), v.custom(() => true)]) {
    const free = {
      "a.b": { description: "A.", payload: schema, enforce: true, sample: { user_id: "u", payload: {} } },
    };
    const shop = defineDomain({ name: "shop", entryPoint: "shop", topic: "shop", events: free });
    const payloads = [toDocument(shop).components.schemas.ABPayload, toPublished(shop.events["a.b"]).properties];
    expect(JSON.stringify(payloads[0])).toMatch(/^\{"type":"object",/);
    expect(payloads[1]).toMatchObject({ payload: { type: "object" } });
  }
});

it.each([
  ["OpenAPI", toDocument(domain)],
  ["AsyncAPI", toAsyncApi([domain])],
])("refers to nothing that is not in the document: %s", (_, document) => {
  const found: string[] = [];
  JSON.stringify(document, (key, value) => {
    if (key === "$ref" && typeof value === "string") found.push(value);
    return value;
  });
  expect(found.some((pointer) => pointer.includes("/$defs/"))).toBe(true);
  const missing = found.filter((pointer) => {
    const steps = pointer.slice(2).split("/");
    return (
      steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document) === undefined
    );
  });
  expect(missing).toEqual([]);
});
