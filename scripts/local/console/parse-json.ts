/** @returns undefined for what is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @returns the members of a JSON object; none for any other text */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  return toObject(parseJson(text));
}

/** @returns the members of an object; none of any other value */
export function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** @returns nothing for what is no text */
export function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
