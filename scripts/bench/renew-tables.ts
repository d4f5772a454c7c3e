/**
 * Puts what a part of the benchmark found into a page, between the part's marks: `<!-- bench:cpu -->` and
 * `<!-- bench:cpu end -->`.
 *
 * @param page Markdown
 * @param tables Markdown
 * @throws Error when the page has no such marks
 */
export function renewTables(page: string, part: string, tables: string): string {
  const [start, end] = [`<!-- bench:${part} -->`, `<!-- bench:${part} end -->`];
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`The page has no place for ${part}: ${start} and ${end}.`);
  return `${page.slice(0, from + start.length)}\n\n${tables}\n\n${page.slice(to)}`;
}
