import { readBody } from "./read-body.ts";

/**
 * Looks into a body for the type of its event, of a batch for the first one that a function takes.
 *
 * @param body as sent: one JSON object, an array of them, or one a line
 * @param contentEncoding the header, if there was one
 * @param known the types that functions take
 * @returns undefined where there is none of them: the function that gets it says what is wrong
 */
export function peekEventType(
  body: Buffer,
  contentEncoding: string | undefined,
  known: { has(type: string): boolean },
): string | undefined {
  for (const event of listEvents(readBody(body, contentEncoding).text)) {
    if (typeof event !== "object" || event === null || !("event_type" in event)) continue;
    if (typeof event.event_type === "string" && known.has(event.event_type)) return event.event_type;
  }
  return undefined;
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
