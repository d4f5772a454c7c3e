/** What a name that differs from a field's by case alone is found as: `-2 - index` of the field. */
export const NOT_FOUND = -1;

/** The letters outside ASCII that a parser which ignores case takes for an ASCII one. */
const FOLDED: Readonly<Record<string, string>> = { "\u017f": "s", "\u212a": "k", "\u0130": "i", "\u0131": "i" };

interface Name {
  readonly index: number;
  readonly exact: Buffer;
  readonly folded: Buffer;
}

/**
 * Finds a key of a body among the names of fields by its bytes: decoding each key and looking it up costs a fifth of what
 * reading the event does.
 */
export class Names {
  /** By their index. */
  readonly exact: readonly string[];
  readonly #folded: readonly string[];
  readonly #byLength: Name[][] = [];
  readonly #longest: number;

  constructor(names: readonly string[]) {
    this.exact = names;
    this.#folded = names.map(fold);
    this.#longest = Math.max(...names.map(({ length }) => length));
    for (const [index, name] of names.entries()) {
      this.#byLength[name.length] ??= [];
      this.#byLength[name.length]?.push({ index, exact: Buffer.from(name), folded: Buffer.from(fold(name)) });
    }
  }

  /**
   * @param start of the key's content, behind its quote
   * @param isPlain whether the key is ASCII without escapes
   * @returns the name's index; {@link NOT_FOUND}; -2 minus the index when the key differs from the name by case alone
   */
  find(bytes: Uint8Array, start: number, end: number, isPlain: boolean): number {
    if (!isPlain) return this.#findDecoded(bytes as Buffer, start, end);
    const candidates = this.#byLength[end - start];
    if (candidates === undefined) return NOT_FOUND;
    for (const { exact, index } of candidates) {
      let i = 0;
      while (i < exact.length && bytes[start + i] === exact[i]) i++;
      if (i === exact.length) return index;
    }
    for (const { folded, index } of candidates) {
      let i = 0;
      while (i < folded.length && foldAscii(bytes[start + i] as number) === folded[i]) i++;
      if (i === folded.length) return -2 - index;
    }
    return NOT_FOUND;
  }

  #findDecoded(bytes: Buffer, start: number, end: number): number {
    // An escape has six bytes a character.
    if (end - start > this.#longest * 6) return NOT_FOUND;
    const key = JSON.parse(`"${bytes.toString("utf8", start, end)}"`) as string;
    const index = this.exact.indexOf(key);
    if (index >= 0) return index;
    const folded = this.#folded.indexOf(fold(key));
    return folded >= 0 ? -2 - folded : NOT_FOUND;
  }
}

function fold(name: string): string {
  return name.replace(/[\u017f\u212a\u0130\u0131]/g, (letter) => FOLDED[letter] as string).toLowerCase();
}

function foldAscii(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
