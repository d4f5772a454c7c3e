/** By the first byte of a sequence: its bytes, and the range of the second (RFC 3629, section 4). */
function readLead(lead: number): readonly [length: number, low: number, high: number] | undefined {
  if (lead < 0xc2 || lead > 0xf4) return undefined;
  if (lead < 0xe0) return [2, 0x80, 0xbf];
  if (lead < 0xf0) return [3, lead === 0xe0 ? 0xa0 : 0x80, lead === 0xed ? 0x9f : 0xbf];
  return [4, lead === 0xf0 ? 0x90 : 0x80, lead === 0xf4 ? 0x8f : 0xbf];
}

/**
 * Finds where bytes stop being UTF-8.
 *
 * @returns the offset of the first byte that begins no well-formed sequence; the length when all of it is well-formed
 */
export function findInvalidUtf8(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] as number;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const sequence = readLead(lead);
    if (!sequence) return at;
    const [length, low, high] = sequence;
    const second = bytes[at + 1] ?? 0;
    if (second < low || second > high) return at;
    for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return at;
    at += length;
  }
  return bytes.length;
}
