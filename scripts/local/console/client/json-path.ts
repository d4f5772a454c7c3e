import { jsonLanguage } from "@codemirror/lang-json";

type SyntaxNode = ReturnType<typeof jsonLanguage.parser.parse>["topNode"];

/** A part of a text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds what a fault's path names in JSON text, such as `payload.items.1.product_id`.
 *
 * @returns of what is missing the innermost that is there: the first character of an object or array that should hold it
 */
export function findPath(text: string, path: string): Span {
  let node: SyntaxNode | null = jsonLanguage.parser.parse(text).topNode.firstChild;
  let span: Span = { from: node?.from ?? 0, to: (node?.from ?? 0) + 1 };
  for (const part of path === "" ? [] : path.split(".")) {
    const child: SyntaxNode | undefined = node ? findMember(text, node, part) : undefined;
    if (!child) return span;
    const value: SyntaxNode = child.name === "Property" ? (child.lastChild ?? child) : child;
    node = value;
    // Of a container its name alone: what is inside may be as it should.
    span = isContainer(value) ? { from: child.from, to: value.from + 1 } : { from: child.from, to: child.to };
  }
  return span;
}

/** @returns where a text stops to be JSON; undefined where it is JSON */
export function findSyntaxError(text: string): Span | undefined {
  const error = findError(jsonLanguage.parser.parse(text).topNode);
  return error && { from: error.from, to: Math.min(error.from + 1, text.length) };
}

/** @returns where the value of a member of the outermost object is; undefined where there is none */
export function findMemberValue(text: string, name: string): Span | undefined {
  const object = jsonLanguage.parser.parse(text).topNode.firstChild;
  const value = object ? findMember(text, object, name)?.lastChild : undefined;
  return value ? { from: value.from, to: value.to } : undefined;
}

function isContainer({ name }: SyntaxNode): boolean {
  return name === "Object" || name === "Array";
}

function findMember(text: string, node: SyntaxNode, part: string): SyntaxNode | undefined {
  if (node.name === "Object") {
    return node.getChildren("Property").find((property) => {
      const name = property.getChild("PropertyName");
      return name && text.slice(name.from + 1, name.to - 1) === part;
    });
  }
  if (node.name !== "Array") return undefined;
  const items: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (!["[", "]", ","].includes(child.name)) items.push(child);
  }
  return items[Number(part)];
}

function findError(node: SyntaxNode): SyntaxNode | undefined {
  if (node.type.isError) return node;
  for (let child = node.firstChild; child; child = child.nextSibling) {
    const error = findError(child);
    if (error) return error;
  }
  return undefined;
}
