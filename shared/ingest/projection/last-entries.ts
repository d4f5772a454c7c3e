import { randomInt } from "node:crypto";
import type { JsonScanner } from "../json.ts";
import { KeyUnits } from "./key-units.ts";

/** Odd, and known to nobody outside: no caller can choose keys of one hash. */
const FACTOR = randomInt(0x40000000) * 2 + 1;

/** Tells which entries of an object count: of those with the same key the last one, as JSON.parse has it. */
export class LastEntries {
  readonly #bytes: Buffer;
  /** By a hash of the key, where the last entry's key starts; 0 is a free place, as no key starts there. */
  #places = new Int32Array(256);
  #count = 0;

  /**
   * @param scanner whose bytes hold the object
   * @param at where the object starts
   */
  constructor(scanner: JsonScanner, at: number) {
    this.#bytes = scanner.bytes;
    scanner.walk(at, (value, keyStart) => {
      this.#add(keyStart);
      return scanner.skipValue(value, 0);
    });
  }

  /** @returns whether no later entry has the key that starts at `keyStart` */
  has(keyStart: number): boolean {
    return this.#places[this.#find(this.#places, keyStart)] === keyStart;
  }

  #add(keyStart: number): void {
    const place = this.#find(this.#places, keyStart);
    if (this.#places[place] === 0) this.#count++;
    this.#places[place] = keyStart;
    if (this.#count * 2 > this.#places.length) this.#grow();
  }

  #grow(): void {
    const grown = new Int32Array(this.#places.length * 2);
    for (const keyStart of this.#places) if (keyStart > 0) grown[this.#find(grown, keyStart)] = keyStart;
    this.#places = grown;
  }

  /** @returns the place of the key, or a free one where it can be put */
  #find(places: Int32Array, keyStart: number): number {
    const last = places.length - 1;
    let place = hash(this.#bytes, keyStart) & last;
    for (;;) {
      const found = places[place] as number;
      if (found === 0 || found === keyStart || isSame(this.#bytes, found, keyStart)) return place;
      place = (place + 1) & last;
    }
  }
}

function hash(bytes: Buffer, keyStart: number): number {
  const key = new KeyUnits(bytes, keyStart);
  let sum = 0;
  for (let unit = key.next(); unit >= 0; unit = key.next()) {
    sum = Math.imul(sum ^ unit, FACTOR);
    sum ^= sum >>> 15;
  }
  return sum;
}

function isSame(bytes: Buffer, a: number, b: number): boolean {
  const first = new KeyUnits(bytes, a);
  const second = new KeyUnits(bytes, b);
  for (;;) {
    const unit = first.next();
    if (unit !== second.next()) return false;
    if (unit < 0) return true;
  }
}
