import { invalidArgument } from "./rpc-error.ts";

/** Decides by a message's attributes whether a subscription gets it. */
export type Filter = (attributes: Readonly<Record<string, string>>) => boolean;

/** The service takes no longer ones. */
const MAX_BYTES = 256;

const TOKEN = /\s*(?:(?<name>"(?:[^"\\]|\\.)*"|[A-Za-z_][\w-]*)|(?<sign>!=|=|[().,:-]))/y;

/**
 * Compiles a subscription's filter: `attributes:k`, `attributes.k = "v"`, `!=`, `hasPrefix(attributes.k, "v")`, joined by
 * AND, OR, NOT, `-` and parentheses.
 *
 * @param text empty for none
 * @throws {RpcError} INVALID_ARGUMENT, where the service has it too
 * @see https://cloud.google.com/pubsub/docs/subscription-message-filter#filtering_syntax
 */
export function compileFilter(text: string): Filter {
  if (text === "") return () => true;
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalidArgument(`The filter is longer than ${MAX_BYTES} bytes.`);
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = [...this.#split()];
  }

  parse(): Filter {
    const filter = this.#parseExpression();
    if (this.#at < this.#tokens.length) throw this.#fault();
    return filter;
  }

  *#split(): Generator<string> {
    TOKEN.lastIndex = 0;
    for (let end = 0; end < this.#text.trimEnd().length; end = TOKEN.lastIndex) {
      const match = TOKEN.exec(this.#text);
      if (!match) throw this.#fault();
      yield match[0].trim();
    }
  }

  /** AND and OR cannot be mixed without parentheses. */
  #parseExpression(): Filter {
    const first = this.#parseTerm();
    const operator = this.#peek();
    if (operator !== "AND" && operator !== "OR") return first;
    const terms = [first];
    while (this.#take(operator)) terms.push(this.#parseTerm());
    return operator === "AND"
      ? (attributes) => terms.every((term) => term(attributes))
      : (attributes) => terms.some((term) => term(attributes));
  }

  #parseTerm(): Filter {
    if (this.#take("NOT") || this.#take("-")) {
      const term = this.#parseTerm();
      return (attributes) => !term(attributes);
    }
    if (this.#take("(")) {
      const inner = this.#parseExpression();
      this.#expect(")");
      return inner;
    }
    if (this.#take("hasPrefix")) {
      this.#expect("(");
      const key = this.#parseKey(".");
      this.#expect(",");
      const prefix = this.#parseText();
      this.#expect(")");
      return (attributes) => Object.hasOwn(attributes, key) && (attributes[key] as string).startsWith(prefix);
    }
    if (this.#tokens[this.#at + 1] === ":") {
      const key = this.#parseKey(":");
      return (attributes) => Object.hasOwn(attributes, key);
    }
    const key = this.#parseKey(".");
    const isEqual = this.#take("=");
    if (!isEqual) this.#expect("!=");
    const value = this.#parseText();
    return (attributes) => Object.hasOwn(attributes, key) && (attributes[key] === value) === isEqual;
  }

  #parseKey(separator: "." | ":"): string {
    this.#expect("attributes");
    this.#expect(separator);
    return toText(this.#next() ?? "") ?? this.#throw();
  }

  #parseText(): string {
    const token = this.#next() ?? "";
    return token.startsWith('"') ? (toText(token) as string) : this.#throw();
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #next(): string | undefined {
    return this.#tokens[this.#at++];
  }

  #take(token: string): boolean {
    const isNext = this.#peek() === token;
    if (isNext) this.#at++;
    return isNext;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#fault();
  }

  #throw(): never {
    throw this.#fault();
  }

  #fault() {
    return invalidArgument(`The filter ${JSON.stringify(this.#text)} is not one that Pub/Sub takes.`);
  }
}

function toText(token: string): string | undefined {
  if (token.startsWith('"')) return token.slice(1, -1).replace(/\\(.)/g, "$1");
  return /^\w/.test(token) ? token : undefined;
}
