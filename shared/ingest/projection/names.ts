import { KeyUnits } from "./key-units.ts";

interface Name {
  readonly index: number;
  readonly text: string;
  /** UTF-8. */
  readonly bytes: Uint8Array;
  /** UTF-16 code units, and the same without their case. */
  readonly units: readonly number[];
  readonly folded: readonly number[];
}

/** The letters outside ASCII that a parser which ignores case takes for an ASCII one: ſ, K (the Kelvin sign), İ, ı. */
const FOLDED = new Map([
  [0x017f, 0x73],
  [0x212a, 0x6b],
  [0x0130, 0x69],
  [0x0131, 0x69],
]);

/**
 * Finds a key of a body among known names by its bytes: decoding each key and looking it up costs a fifth of what reading
 * the event does, and `JSON.parse` for each escaped one holds the thread for 0.3 s when a body is full of them.
 */
export class Names {
  /** By their length in bytes, and in code units. */
  readonly #byBytes: Name[][] = [];
  readonly #byUnits: Name[][] = [];
  readonly #foldsCase: boolean;
  /** The code units of the key that is looked at. */
  readonly #units: Uint16Array;

  /** @param foldsCase whether names that differ by case alone are found as well */
  constructor(names: readonly string[], foldsCase = false) {
    this.#foldsCase = foldsCase;
    let longest = 0;
    for (const [index, text] of names.entries()) {
      const units = [...Array(text.length).keys()].map((i) => text.charCodeAt(i));
      const bytes = new TextEncoder().encode(text);
      const name: Name = { index, text, bytes, units, folded: units.map(fold) };
      addTo(this.#byBytes, bytes.length, name);
      addTo(this.#byUnits, units.length, name);
      longest = Math.max(longest, units.length);
    }
    this.#units = new Uint16Array(longest + 1);
  }

  /**
   * @param isPlain whether the key is ASCII without escapes
   * @returns the name's index; -1 when there is none; -2 minus the index when the key differs from the name by case alone
   */
  find(bytes: Uint8Array, start: number, end: number, isPlain: boolean): number {
    if (!isPlain) return this.#findDecoded(decodeKey(bytes, start, this.#units));
    const candidates = this.#byBytes[end - start];
    if (candidates === undefined) return -1;
    for (const { bytes: name, index } of candidates) {
      let i = 0;
      while (i < name.length && bytes[start + i] === name[i]) i++;
      if (i === name.length) return index;
    }
    if (!this.#foldsCase) return -1;
    for (const { folded, index } of candidates) {
      let i = 0;
      while (i < folded.length && foldAscii(bytes[start + i] as number) === folded[i]) i++;
      if (i === folded.length) return -2 - index;
    }
    return -1;
  }

  #findDecoded(length: number): number {
    const candidates = this.#byUnits[length] ?? [];
    const units = this.#units;
    for (const name of candidates) if (name.units.every((unit, i) => unit === units[i])) return name.index;
    if (!this.#foldsCase) return -1;
    for (const { folded, index } of candidates) {
      if (folded.every((unit, i) => unit === fold(units[i] as number))) return -2 - index;
    }
    return -1;
  }
}

function addTo(lists: Name[][], length: number, name: Name): void {
  const list = lists[length] ?? [];
  list.push(name);
  lists[length] = list;
}

function foldAscii(unit: number): number {
  return unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit;
}

function fold(unit: number): number {
  return unit < 0x80 ? foldAscii(unit) : (FOLDED.get(unit) ?? unit);
}

/**
 * Decodes a key into `units`, as far as these hold.
 *
 * @returns its length, or one more than any name's when the key is longer than all of them
 */
function decodeKey(bytes: Uint8Array, start: number, units: Uint16Array): number {
  const key = new KeyUnits(bytes, start);
  let length = 0;
  for (let unit = key.next(); unit >= 0 && length < units.length; unit = key.next()) units[length++] = unit;
  return length;
}
