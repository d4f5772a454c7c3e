import { jsonLanguage } from "@codemirror/lang-json";

type SyntaxNode = ReturnType<typeof jsonLanguage.parser.parse>["topNode"];

/** A part of a text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where things are in JSON text, which is parsed once: there may be hundreds of faults in a megabyte. */
export class JsonPlaces {
  readonly #text: string;
  readonly #top: SyntaxNode;
  /** Of the objects and arrays that were looked into, by where they begin. */
  readonly #members = new Map<number, ReadonlyMap<string, SyntaxNode>>();

  /** @param text JSON, or what is about to become JSON */
  constructor(text: string) {
    this.#text = text;
    this.#top = jsonLanguage.parser.parse(text).topNode;
  }

  /**
   * Finds what a fault's path names, such as `payload.items.1.product_id`.
   *
   * @returns of what is missing the innermost that is there: the first character of an object or array that should hold it
   */
  find(path: string): Span {
    let node: SyntaxNode | null = this.#top.firstChild;
    let span: Span = { from: node?.from ?? 0, to: (node?.from ?? 0) + 1 };
    for (const part of path === "" ? [] : path.split(".")) {
      const child: SyntaxNode | undefined = node ? this.#membersOf(node).get(part) : undefined;
      if (!child) return span;
      const value: SyntaxNode = child.name === "Property" ? (child.lastChild ?? child) : child;
      node = value;
      // Of a container its name alone: what is inside may be as it should.
      span = isContainer(value) ? { from: child.from, to: value.from + 1 } : { from: child.from, to: child.to };
    }
    return span;
  }

  /** @returns where the text stops to be JSON; undefined where it is JSON */
  findSyntaxError(): Span | undefined {
    const cursor = this.#top.cursor();
    do {
      if (cursor.type.isError) return { from: cursor.from, to: Math.min(cursor.from + 1, this.#text.length) };
    } while (cursor.next());
    return undefined;
  }

  #membersOf(node: SyntaxNode): ReadonlyMap<string, SyntaxNode> {
    let members = this.#members.get(node.from);
    if (!members) {
      members = this.#readMembers(node);
      this.#members.set(node.from, members);
    }
    return members;
  }

  #readMembers(node: SyntaxNode): ReadonlyMap<string, SyntaxNode> {
    const members = new Map<string, SyntaxNode>();
    if (!isContainer(node)) return members;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (["{", "}", "[", "]", ","].includes(child.name)) continue;
      const name = child.getChild("PropertyName");
      const key = node.name === "Array" ? String(members.size) : name && this.#text.slice(name.from + 1, name.to - 1);
      if (key !== null && !members.has(key)) members.set(key, child);
    }
    return members;
  }
}

function isContainer({ name }: SyntaxNode): boolean {
  return name === "Object" || name === "Array";
}
