import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, it } from "vitest";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { problems } from "../../../shared/http/problem.ts";
import { routes } from "../../../shared/ingest/ingest.ts";
import { type OpenApiDocument, toDocument, toMergedDocument } from "./document.ts";
import { toComponentName } from "./event-schemas.ts";

const all = Object.values<Domain>(domains);
const single = all.map((domain) => ({ domain, name: domain.name, document: toDocument(domain) }));
const merged = toMergedDocument(all);

interface Answer {
  readonly content: Readonly<Record<string, { readonly schema: ProblemSchema | { readonly oneOf: ProblemSchema[] } }>>;
}

interface ProblemSchema {
  readonly allOf: readonly [object, { readonly properties: { status: { const: number }; code: { enum: string[] } } }];
}

/** Every `status code` among the answers. */
function listProblems(answers: Readonly<Record<string, Answer>>): string[] {
  return Object.values(answers).flatMap(({ content }) => {
    const schema = content["application/problem+json"]?.schema;
    const schemas = schema === undefined ? [] : "oneOf" in schema ? schema.oneOf : [schema];
    return schemas.flatMap(({ allOf: [, { properties }] }) =>
      properties.code.enum.map((code) => `${properties.status.const} ${code}`),
    );
  });
}

function toUpper(text: string): string {
  return text.toUpperCase();
}

/** Every code of a batch's entries. */
function listEntryCodes(document: OpenApiDocument): string[] {
  return (document.components.schemas.BatchProblem as { properties: { code: { enum: string[] } } }).properties.code
    .enum;
}

/** What other linters ask for by default, and Redocly only when it is told to. */
const askedFor = ["info-contact", "operation-description", "tag-description", "parameter-description"] as const;

/** What Redocly's strictest ruleset finds, one line a problem. */
async function lint(document: object): Promise<string[]> {
  const found = await lintFromString({
    source: JSON.stringify(document),
    absoluteRef: "openapi.json",
    config: await createConfig({
      extends: ["recommended-strict"],
      rules: Object.fromEntries(askedFor.map((rule) => [rule, "error"])),
    }),
  });
  return found.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`);
}

describe("Redocly's linter", () => {
  it.each([...single, { name: "all functions", document: merged }])("finds nothing in $name", async ({ document }) => {
    expect(await lint(document)).toEqual([]);
  });

  it("finds a reference that leads nowhere, and a sample that its schema does not accept", async () => {
    const document = structuredClone(toDocument(domains.commerce)) as {
      components: { schemas: Record<string, object> };
    };
    const { UserId: _, ...schemas } = document.components.schemas;
    document.components.schemas = schemas;
    expect((await lint(document)).join()).toContain("no-unresolved-refs");
    document.components.schemas = { ...schemas, UserId: { type: "integer" } };
    expect((await lint(document)).join()).toContain("no-invalid-schema-examples");
  });
});

describe.each(single)("the document of $name", ({ domain, document }) => {
  it("has every event type with its description and sample", () => {
    const schemas = Object.values(document.components.schemas) as {
      description?: string;
      examples?: unknown[];
    }[];
    for (const { description, sample } of Object.values(domain.events)) {
      expect(schemas.filter((schema) => schema.examples?.includes(sample))).toEqual([
        expect.objectContaining({ description, type: "object", additionalProperties: true }),
      ]);
    }
  });

  it("has the payload of every event type, and its mode", () => {
    const { schemas } = document.components;
    for (const { type, enforce, payload: schema } of Object.values(domain.events)) {
      const event = schemas[toComponentName(type)] as { properties: Record<string, { $ref?: string }> };
      expect(event.properties.event_type).toEqual({ type: "string", enum: [type] });
      if (!schema) continue;
      const payload = event.properties.payload?.$ref?.split("/").at(-1) ?? "";
      expect(schemas[payload]).toMatchObject({ type: "object", "x-payload-mode": enforce ? "enforce" : "report" });
    }
  });

  it("leaves no schema without a type", () => {
    for (const schema of Object.values(document.components.schemas)) {
      expect("type" in schema || "oneOf" in schema).toBe(true);
    }
  });

  it("has the paths and methods that the function serves", () => {
    expect(
      Object.fromEntries(Object.entries(document.paths).map(([path, item]) => [path, Object.keys(item).map(toUpper)])),
    ).toEqual(Object.fromEntries([...routes].map(([path, { methods }]) => [path, methods])));
  });

  it("has every code that the function can answer with, at its status", () => {
    const answered = listProblems(document.components.responses as Record<string, Answer>);
    const entries = listEntryCodes(document);
    for (const [code, { status }] of Object.entries(problems)) {
      // An event is held back only behind others of its batch: it is never the answer as a whole.
      if (code === "not_attempted") expect(entries).toContain(code);
      else expect(answered).toContain(`${status} ${code}`);
    }
    expect(new Set(answered).size).toBe(Object.keys(problems).length - 1);
  });

  it("stays small in the bundle", () => {
    expect(JSON.stringify(document).length).toBeLessThan(36_000 + 4_000 * Object.keys(domain.events).length);
  });
});

describe("the document of all functions", () => {
  it("has every path of each below the function's name, and its components unchanged", () => {
    for (const { name, document } of single) {
      for (const [path, item] of Object.entries(document.paths)) {
        expect(merged.paths[`/${name}${path === "/" ? "" : path}`]).toEqual(item);
      }
      expect(merged.components).toMatchObject(document.components);
    }
    expect(Object.keys(merged.paths)).toHaveLength(
      single.flatMap(({ document }) => Object.keys(document.paths)).length,
    );
  });
});
