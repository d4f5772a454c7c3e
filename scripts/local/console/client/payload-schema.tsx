import type { ComponentChildren } from "preact";
import { findEvent } from "../../../../shared/events/registry.ts";
import { type JsonSchema, toJsonSchema } from "../../../build/schemas/json-schema.ts";

/** What an event type's payload may hold, in one paragraph: members that are required are bold. */
export function PayloadSchema({ type }: { readonly type: string }) {
  const event = findEvent(type)?.event;
  if (!event) return null;
  return (
    <p class="schema mono">
      <b>payload</b> {event.payload ? toWords(toJsonSchema(event.payload)) : "any object"}
      <span class="hint">{event.payload && (event.enforce ? ", else refused" : ", else reported only")}</span>
    </p>
  );
}

function toWords(schema: JsonSchema): ComponentChildren {
  const { type, properties = {}, required = [], items, description, pattern } = schema;
  const options = (schema.anyOf ?? schema.oneOf ?? schema.enum) as readonly unknown[] | undefined;
  if (options) return options.map((option, index) => [index > 0 && " or ", toOption(option)]);
  const members = Object.entries(properties as Readonly<Record<string, JsonSchema>>).map(([name, member], index) => [
    index > 0 && ", ",
    (required as readonly string[]).includes(name) ? <b key={name}>{name}</b> : name,
    " ",
    toWords(member),
  ]);
  if (members.length > 0) return ["{", members, "}"];
  const words = [
    "const" in schema ? JSON.stringify(schema.const) : (type ?? "anything"),
    toRange(schema.minimum, schema.maximum),
    toRange(schema.minLength, schema.maxLength, " characters"),
    toRange(schema.minItems, schema.maxItems),
    description ?? (pattern && `as ${pattern}`),
  ];
  return [<i key="words">{words.filter(Boolean).join(" ")}</i>, items ? [" of ", toWords(items as JsonSchema)] : ""];
}

function toOption(option: unknown): ComponentChildren {
  return typeof option === "object" && option !== null ? toWords(option as JsonSchema) : JSON.stringify(option);
}

function toRange(least: unknown, most: unknown, unit = ""): string {
  if (least === undefined) return most === undefined ? "" : `≤ ${most}${unit}`;
  return most === undefined ? `≥ ${least}${unit}` : `${least}–${most}${unit}`;
}
