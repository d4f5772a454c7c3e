import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { DefinedEvent } from "../../../../shared/events/domain.ts";
import { findEvent } from "../../../../shared/events/registry.ts";
import { functions } from "./functions.ts";
import { parseObject } from "./send.ts";

/** What is looked at of a valibot schema, whichever it is. */
interface AnySchema {
  readonly type: string;
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly item?: AnySchema;
  readonly wrapped?: AnySchema;
  readonly options?: readonly unknown[];
}

type SyntaxNode = ReturnType<typeof syntaxTree>["topNode"];

/** Proposes the members that an event's schema names, and the values that it or its sample has for one. */
export function completeEvent({ state, pos, explicit }: CompletionContext): CompletionResult | null {
  const node = toNamed(syntaxTree(state).resolveInner(pos, -1));
  const text = state.doc.toString();
  const event = findEvent(readType(text))?.event;
  const isText = node.name === "PropertyName" || node.name === "String";
  const from = isText ? node.from : pos;
  const to = isText ? node.to : pos;
  const property = node.name === "Property" ? node : node.name === "String" ? node.parent : undefined;
  const path = toPath(
    text,
    property?.name === "Property" ? property : node.parent?.name === "Property" ? node.parent.parent : node,
  );
  if (property?.name === "Property" && (node.name === "String" || /:\s*$/.test(text.slice(node.from, pos)))) {
    const name = readName(text, property);
    return { from, to, options: listValues(event, path, name) };
  }
  const object = node.name === "Object" ? node : node.name === "PropertyName" ? node.parent?.parent : undefined;
  if (!object || (!explicit && node.name !== "PropertyName")) return null;
  const present = new Set(object.getChildren("Property").map((each) => readName(text, each)));
  const written = node.name === "PropertyName" && node.parent ? readName(text, node.parent) : undefined;
  const members = Object.entries(findEntries(event, toPath(text, object)));
  const hasValue = node.name === "PropertyName" && /^\s*:/.test(text.slice(to));
  const options = members
    .filter(([name]) => !present.has(name) || name === written)
    .map(
      ([name, schema]): Completion => ({
        label: `"${name}"`,
        apply: hasValue ? `"${name}"` : `"${name}": `,
        detail: schema.type === "optional" ? "" : "required",
        boost: schema.type === "optional" ? 0 : 1,
      }),
    );
  return { from, to, options };
}

/** A bracket, a comma or a fault is a node as well: what counts is what it is in. */
function toNamed(node: SyntaxNode): SyntaxNode {
  const isNamed = /^(?:Object|Array|Property|PropertyName|String|Number|True|False|Null|JsonText)$/.test(node.name);
  return isNamed || !node.parent ? node : toNamed(node.parent);
}

function readType(text: string): string {
  const [, type = ""] = /"event_type"\s*:\s*"([^"]*)"/.exec(text) ?? [];
  return type;
}

function listValues(event: DefinedEvent | undefined, path: readonly string[], name: string): Completion[] {
  if (path.length === 0 && name === "event_type") {
    return functions.flatMap((domain) =>
      Object.values(domain.events).map(({ type }) => ({ label: JSON.stringify(type), detail: domain.name })),
    );
  }
  const sample = [...path, name].reduce<unknown>((value, part) => toMember(value, part), event?.sample);
  const options = unwrap(findEntries(event, path)[name])?.options ?? [];
  const values = sample === undefined || typeof sample === "object" ? options : [sample, ...options];
  return [...new Set(values)].map((value) => ({
    label: JSON.stringify(value),
    detail: value === sample ? "sample" : "",
  }));
}

function toMember(value: unknown, part: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[part] : undefined;
}

/** The members of the object at a path. */
function findEntries(event: DefinedEvent | undefined, path: readonly string[]): Readonly<Record<string, AnySchema>> {
  const envelope = (event?.schema ?? findEvent("order.placed")?.event.schema) as AnySchema | undefined;
  if (path.length === 0) return envelope?.entries ?? {};
  const [first, ...rest] = path;
  if (first !== "payload") return {};
  const schema = rest.reduce<AnySchema | undefined>(
    (found, part) => {
      const at = unwrap(found);
      return at?.entries?.[part] ?? (/^\d+$/.test(part) ? at?.item : undefined);
    },
    event?.payload as AnySchema | undefined,
  );
  return unwrap(schema)?.entries ?? {};
}

function unwrap(schema: AnySchema | undefined): AnySchema | undefined {
  return schema?.wrapped ? unwrap(schema.wrapped) : schema;
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
