import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Domain } from "./domain.ts";
import { envelope } from "./envelope.ts";
import { domains } from "./registry.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

it.each(Object.values<Domain>(domains))("the README's event table has $name as the registry has it", (domain) => {
  expect(readme).toContain(`| **\`${domain.name}\`** → topic \`${domain.topic}\` | | |`);
  for (const { type, description, schema } of Object.values(domain.events)) {
    const own = Object.keys(schema.entries).filter((field) => field !== "event_type" && !(field in envelope));
    const needs = own.map((field) => `\`${field}\` `).join("");
    expect(readme).toContain(`| \`${type}\` | ${description} | ${needs}|`);
  }
});
