import type { ComponentChildren } from "preact";
import { findEvent } from "../../../../shared/events/registry.ts";
import { type JsonSchema, toJsonSchema } from "../../../build/schemas/json-schema.ts";

/** What an event type's payload may hold, in one paragraph: members that are required are bold. */
export function PayloadSchema({ type }: { readonly type: string }) {
  const event = findEvent(type)?.event;
  if (!event) return null;
  return (
    <p class="schema">
      <b>payload</b> {event.payload ? <Schema schema={toJsonSchema(event.payload)} /> : "any object"}
      <span class="hint">{event.payload && (event.enforce ? ", else refused" : ", else reported only")}</span>
    </p>
  );
}

function Schema({ schema }: { readonly schema: JsonSchema }): ComponentChildren {
  const { type, properties, required = [], items, description, pattern } = schema;
  const options = (schema.anyOf ?? schema.oneOf ?? schema.enum) as readonly unknown[] | undefined;
  if (options) return join(options.map(toOption), " or ");
  const members = Object.entries((properties ?? {}) as Readonly<Record<string, JsonSchema>>);
  if (members.length > 0) {
    const named = members.map(([name, member]) => (
      <span key={name}>
        {(required as readonly string[]).includes(name) ? <b>{name}</b> : name} <Schema schema={member} />
      </span>
    ));
    return (
      <>
        {"{"}
        {join(named, ", ")}
        {"}"}
      </>
    );
  }
  const words = [
    "const" in schema ? JSON.stringify(schema.const) : (names[String(type)] ?? "anything"),
    toRange(schema.minimum, schema.maximum),
    toRange(schema.minLength, schema.maxLength, " characters"),
    toRange(schema.minItems, schema.maxItems),
    description ?? (pattern && `as ${pattern}`),
  ];
  return (
    <>
      <i>{words.filter(Boolean).join(" ")}</i>
      {items ? (
        <>
          {" "}
          of <Schema schema={items as JsonSchema} />
        </>
      ) : (
        ""
      )}
    </>
  );
}

const names: Readonly<Record<string, string>> = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "true or false",
  array: "list",
  object: "object",
  null: "null",
};

function toOption(option: unknown): ComponentChildren {
  return typeof option === "object" && option !== null ? (
    <Schema schema={option as JsonSchema} />
  ) : (
    JSON.stringify(option)
  );
}

function toRange(least: unknown, most: unknown, unit = ""): string {
  if (least === undefined) return most === undefined ? "" : `≤ ${most}${unit}`;
  return most === undefined ? `≥ ${least}${unit}` : `${least}–${most}${unit}`;
}

function join(parts: readonly ComponentChildren[], separator: string): ComponentChildren {
  return parts.map((part, index) => [index > 0 && separator, part]);
}
