// Patterns of JSON Schema are read with the flag u, and by engines of other languages by code points. Without that flag a
// pattern of JavaScript counts UTF-16 code units: to `..` one emoji is two characters.

/** A part of a pattern: an escape, a class, or one character; and how often it is repeated. */
const PART = /^(\\(?:u[\da-fA-F]{4}|[\s\S])|\[(?:\\[\s\S]|[^\]\\])*\]|[\s\S])((?:[*+?]|\{\d+(?:,\d*)?\})?)\??/u;

/** What can match half of an emoji: what matches all but a few, characters outside the basic plane, and their halves. */
const OPEN = /^(?:\.|\\[DWS]|\[\^)|[\u{10000}-\u{10ffff}]|\\u[dD][89a-fA-F]|^\[.*(?:[^ -~]|\\[uDWS])/u;

/** Groups, choices, and what looks around or back: their neighbours are not beside them. */
const NESTED = /^(?:[()|]|\\[bBk1-9])/;

/** What is a class or a character with the flag u alone: without it `\p{L}` is the letter p, and what is in brackets. */
const UNICODE_ALONE = /^(?:[^\\]|\\[\s\S])*?\\[pPu]\{/;

/**
 * @returns a pattern that means to every reader what the regular expression means to us; undefined where there is none
 */
export function toPattern({ source, flags }: RegExp): string | undefined {
  if (flags === "u") return source;
  if (flags !== "" || UNICODE_ALONE.test(source) || !isValid(source)) return undefined;
  return isSameByCodePoints(source) ? source : undefined;
}

function isValid(source: string): boolean {
  try {
    new RegExp(source, "u");
    return true;
  } catch {
    return false;
  }
}

/**
 * What can match half of an emoji means the same where it stands alone, or is repeated without an end between neighbours that
 * are always there and cannot match the other half.
 */
function isSameByCodePoints(source: string): boolean {
  const parts: { readonly text: string; readonly isOpen: boolean; readonly times: string }[] = [];
  for (let rest = source; rest !== ""; ) {
    const [all = rest, text = rest, times = ""] = PART.exec(rest) ?? [];
    parts.push({ text, isOpen: OPEN.test(text), times });
    rest = rest.slice(all.length);
  }
  if (!parts.some(({ isOpen }) => isOpen) || (parts.length === 1 && parts[0]?.times === "")) return true;
  if (parts.some(({ text }) => NESTED.test(text))) return false;
  const isWall = (i: number) => parts[i]?.isOpen === false && !/^(?:[?*]|\{0)/.test(parts[i].times);
  return parts.every(
    ({ isOpen, times }, i) => !isOpen || (/^(?:[*+]|\{[01],\})$/.test(times) && isWall(i - 1) && isWall(i + 1)),
  );
}
