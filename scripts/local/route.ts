import { readBody } from "./forward.ts";

/**
 * Looks into a body for the functions that its events are for.
 *
 * @param body as sent: one JSON object, an array of them, or one a line
 * @param contentEncoding the header, if there was one
 * @param functions by event type
 * @returns each function with the first of its types, in the order in which they come; none where no type is known
 */
export function findFunctions(
  body: Buffer,
  contentEncoding: string | undefined,
  functions: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const event of listEvents(readBody(body, contentEncoding).text)) {
    if (typeof event !== "object" || event === null || !("event_type" in event)) continue;
    const type = event.event_type;
    const name = typeof type === "string" ? functions.get(type) : undefined;
    if (name !== undefined && !found.has(name)) found.set(name, type as string);
  }
  return found;
}

function* listEvents(text: string): Iterable<unknown> {
  try {
    const value: unknown = JSON.parse(text);
    yield* Array.isArray(value) ? value : [value];
  } catch {
    for (const [line] of text.matchAll(/[^\n]+/g)) {
      try {
        // To `trim`, the byte order mark that a line may begin with is white space.
        yield JSON.parse(line.trim());
      } catch {}
    }
  }
}
