/** As much as a row may show. */
const LONGEST = 200;

/** @returns the beginning of what distinguishes an event from the next: the members of its payload */
export function toPreview(body: string): string {
  const [name = "", brace] = /"payload"\s*:\s*(\{)?/.exec(body) ?? [];
  if (name === "") return body.slice(0, LONGEST).replace(/\s+/g, " ");
  const start = body.indexOf(name) + name.length;
  const text = body.slice(start, start + LONGEST);
  return text
    .slice(0, findEnd(text, brace ? 1 : 0))
    .replace(/\s+/g, " ")
    .trim();
}

/** @returns where the value ends whose braces and brackets are closed, as many of them as were open before */
function findEnd(text: string, open: number): number {
  let depth = open;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\],]/g)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    if (depth < open || (depth === 0 && token === ",")) return index;
    if (depth === 0) return index + token.length;
  }
  return text.length;
}
