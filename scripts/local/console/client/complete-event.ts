import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { DefinedEvent } from "../../../../shared/events/domain.ts";
import { findEvent } from "../../../../shared/events/registry.ts";
import { toJsonSchema } from "../../../build/schemas/json-schema.ts";
import { parseObject, toObject } from "../parse-json.ts";
import { readType } from "./draft.ts";
import { functions } from "./functions.ts";

/** What is looked at of a JSON Schema. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly enum?: readonly unknown[];
}

type SyntaxNode = ReturnType<typeof syntaxTree>["topNode"];

/** Proposes the members that an event's schema names, and the values that it or its sample has for one. */
export function completeEvent({ state, pos, explicit }: CompletionContext): CompletionResult | null {
  const node = toNamed(syntaxTree(state).resolveInner(pos, -1));
  const text = state.doc.toString();
  const event = findEvent(readType(text))?.event;
  const isName = node.name === "PropertyName";
  const isText = isName || node.name === "String";
  const from = isText ? node.from : pos;
  const to = isText ? node.to : pos;
  const holder = isText ? node.parent : node;
  const property = holder?.name === "Property" ? holder : undefined;
  if (property && (node.name === "String" || (!isName && /:\s*$/.test(text.slice(node.from, pos))))) {
    return { from, to, options: listValues(event, toPath(text, property), readName(text, property)) };
  }
  const object = isName ? property?.parent : node.name === "Object" ? node : undefined;
  if (!object || (!explicit && !isName)) return null;
  const present = new Set(object.getChildren("Property").map((each) => readName(text, each)));
  if (isName && property) present.delete(readName(text, property));
  const { properties = {}, required = [] } = findShape(event, toPath(text, object));
  const hasValue = isName && /^\s*:/.test(text.slice(to));
  const options = Object.keys(properties)
    .filter((name) => !present.has(name))
    .map((name): Completion => {
      const isRequired = required.includes(name);
      const label = JSON.stringify(name);
      return {
        label,
        apply: hasValue ? label : `${label}: `,
        detail: isRequired ? "required" : "",
        boost: isRequired ? 1 : 0,
      };
    });
  return { from, to, options };
}

/** A bracket, a comma or a fault is a node as well: what counts is what it is in. */
function toNamed(node: SyntaxNode): SyntaxNode {
  const isNamed = /^(?:Object|Array|Property|PropertyName|String|Number|True|False|Null|JsonText)$/.test(node.name);
  return isNamed || !node.parent ? node : toNamed(node.parent);
}

function listValues(event: DefinedEvent | undefined, path: readonly string[], name: string): Completion[] {
  if (path.length === 0 && name === "event_type") {
    return functions.flatMap((domain) =>
      Object.values(domain.events).map(({ type }) => ({ label: JSON.stringify(type), detail: domain.name })),
    );
  }
  const sample = [...path, name].reduce<unknown>((value, part) => toObject(value)[part], event?.sample);
  const options = findShape(event, path).properties?.[name]?.enum ?? [];
  const values = sample === undefined || typeof sample === "object" ? options : [sample, ...options];
  return [...new Set(values)].map((value) => ({
    label: JSON.stringify(value),
    detail: value === sample ? "sample" : "",
  }));
}

/** The object at a path. */
function findShape(event: DefinedEvent | undefined, [first, ...rest]: readonly string[]): Shape {
  const schema = first === undefined ? (event ?? findEvent("order.placed")?.event)?.schema : event?.payload;
  if (!schema || (first !== undefined && first !== "payload")) return {};
  const whole: Shape = toJsonSchema(schema);
  return rest.reduce<Shape>((shape, part) => shape.properties?.[part] ?? shape.items ?? {}, whole);
}

/** Names and places from the outermost object to this node's own. */
function toPath(text: string, node: SyntaxNode | null | undefined): string[] {
  const path: string[] = [];
  for (let at = node; at; at = at.parent) {
    if (at.parent?.name === "Property" && at.name !== "PropertyName") path.unshift(readName(text, at.parent));
    else if (at.parent?.name === "Array") path.unshift("0");
  }
  // The outermost array of a batch is no part of an event.
  return text.trimStart().startsWith("[") ? path.slice(1) : path;
}

function readName(text: string, property: SyntaxNode): string {
  const name = property.getChild("PropertyName");
  return name ? String(parseObject(`{"name":${text.slice(name.from, name.to)}}`).name ?? "") : "";
}
