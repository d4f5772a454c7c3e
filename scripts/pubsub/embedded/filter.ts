import { invalidArgument } from "./rpc-error.ts";

/** Decides by a message's attributes whether a subscription gets it. */
export type Filter = (attributes: Readonly<Record<string, string>>) => boolean;

/** The service takes no longer ones. */
const MAX_BYTES = 256;

/** A text, a name, a sign; of anything else a character, which no rule takes. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[A-Za-z_][\w-]*|!=|\S/g;

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
  const tokens = text.match(TOKEN) ?? [];
  const fail = (): never => {
    throw invalidArgument(`The filter ${JSON.stringify(text)} is not one that Pub/Sub takes.`);
  };
  const take = (token: string) => tokens[0] === token && tokens.shift() !== undefined;
  const expect = (...wanted: string[]) => wanted.every(take) || fail();

  /** AND and OR cannot be mixed without parentheses. */
  function readExpression(): Filter {
    const terms = [readTerm()];
    const operator = tokens[0] === "OR" ? "OR" : "AND";
    while (take(operator)) terms.push(readTerm());
    return operator === "OR"
      ? (attributes) => terms.some((term) => term(attributes))
      : (attributes) => terms.every((term) => term(attributes));
  }

  function readTerm(): Filter {
    if (take("NOT") || take("-")) {
      const term = readTerm();
      return (attributes) => !term(attributes);
    }
    if (take("(")) {
      const inner = readExpression();
      expect(")");
      return inner;
    }
    if (take("hasPrefix")) {
      expect("(", "attributes", ".");
      const key = readName();
      expect(",");
      const prefix = readText();
      expect(")");
      return (attributes) => Object.hasOwn(attributes, key) && (attributes[key] as string).startsWith(prefix);
    }
    expect("attributes");
    const isPresence = take(":") || !expect(".");
    const key = readName();
    if (isPresence) return (attributes) => Object.hasOwn(attributes, key);
    const isEqual = take("=") || !expect("!=");
    const value = readText();
    return (attributes) => Object.hasOwn(attributes, key) && (attributes[key] === value) === isEqual;
  }

  function readName(): string {
    return /^[A-Za-z_]/.test(tokens[0] ?? "") ? (tokens.shift() as string) : readText();
  }

  function readText(): string {
    const token = tokens.shift() ?? "";
    return /^".*"$/s.test(token) ? token.slice(1, -1).replace(/\\(.)/g, "$1") : fail();
  }

  const filter = readExpression();
  return tokens.length === 0 ? filter : fail();
}
