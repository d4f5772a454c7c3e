/** No name, nor one that differs from one by case alone. */
export const NOT_FOUND = -1;

/** The letters outside ASCII that a parser which ignores case takes for an ASCII one. */
const FOLDED: Readonly<Record<string, string>> = { "\u017f": "s", "\u212a": "k", "\u0130": "i", "\u0131": "i" };

/** Finds a key of a body among the names of fields; of most keys by their bytes, since decoding each costs a fifth of reading. */
export class Names {
  /** By their index. */
  readonly exact: readonly string[];
  readonly #folded: readonly string[];
  /** The names of each length. */
  readonly #byLength: { readonly index: number; readonly bytes: Buffer }[][] = [];

  constructor(names: readonly string[]) {
    this.exact = names;
    this.#folded = names.map(fold);
    for (const [index, name] of names.entries()) {
      this.#byLength[name.length] ??= [];
      this.#byLength[name.length]?.push({ index, bytes: Buffer.from(name) });
    }
  }

  /**
   * @param start of the key's content, behind its quote
   * @param isPlain whether the key is ASCII without escapes
   * @returns the name's index; {@link NOT_FOUND}; -2 minus the index when the key differs from the name by case alone
   */
  find(bytes: Buffer, start: number, end: number, isPlain: boolean): number {
    // An escape has six bytes a character.
    const candidates = isPlain ? this.#byLength[end - start] : end - start < this.#byLength.length * 6 ? [] : undefined;
    if (candidates === undefined) return NOT_FOUND;
    for (const { bytes: name, index } of candidates) {
      let i = 0;
      while (i < name.length && bytes[start + i] === name[i]) i++;
      if (i === name.length) return index;
    }
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
