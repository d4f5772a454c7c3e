const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Lays JSON out over indented lines. Parsing and writing it anew would do so as well, but change numbers such as
 * 9007199254740993 and 89.90 on the way.
 *
 * @param text JSON; of anything else the tokens are kept as they are
 */
export function prettyJson(text: string): string {
  let output = "";
  let depth = 0;
  const tokens = text.match(token) ?? [];
  for (const [index, part] of tokens.entries()) {
    const isEmpty = /^[}\]]$/.test(tokens[index + 1] ?? "");
    if (part === "{" || part === "[") {
      depth += 1;
      output += isEmpty ? part : `${part}${toLine(depth)}`;
    } else if (part === "}" || part === "]") {
      depth -= 1;
      output += /^[{[]$/.test(tokens[index - 1] ?? "") ? part : `${toLine(depth)}${part}`;
    } else if (part === ",") {
      output += `,${toLine(depth)}`;
    } else {
      output += part === ":" ? ": " : part;
    }
  }
  return output;
}

function toLine(depth: number): string {
  return `\n${"  ".repeat(Math.max(depth, 0))}`;
}
