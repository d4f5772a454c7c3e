/** What is kept of a body, in characters. */
export const LONGEST_KEPT = 64 * 1024;

/** @returns the beginning of a text, as a text of its own: what V8 cuts from a text keeps the whole of it in memory */
export function keepText(text: string, longest = LONGEST_KEPT): string {
  return text.length > longest ? Buffer.from(text.slice(0, longest)).toString() : text;
}

/** Whether {@link keepText} keeps only the beginning of a text. */
export function isCut(text: string): boolean {
  return text.length > LONGEST_KEPT;
}
