const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;

/** Powers of ten that a double holds exactly; more are never asked for. */
const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/**
 * Reads a JSON number that is known to be valid.
 *
 * @returns its double, as JSON.parse has it; NaN, which no schema takes for a number, where no double is near enough
 */
export function readNumber(bytes: Buffer, start: number, end: number): number {
  // Up to 15 digits and a power of ten are exact as doubles, and so is what their one division is rounded to.
  if (end - start > 15) return parse(bytes, start, end);
  let at = bytes[start] === MINUS ? start + 1 : start;
  const isNegative = at > start;
  let digits = 0;
  let fraction = -1;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === DOT) fraction = at;
    else if (byte > 0x39 || byte < ZERO) return parse(bytes, start, end);
    else digits = digits * 10 + (byte - ZERO);
  }
  const value = fraction === -1 ? digits : digits / (POWERS[end - fraction - 1] as number);
  return isNegative ? -value : value;
}

function parse(bytes: Buffer, start: number, end: number): number {
  const value = Number(bytes.toString("latin1", start, end));
  return Number.isFinite(value) ? value : Number.NaN;
}
