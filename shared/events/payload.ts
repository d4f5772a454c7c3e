import * as v from "valibot";

/** The most items that an order or a cart has. */
const MAX_ITEMS = 500;

/** An id of the shop's: a product, a cart. Code points, as JSON Schema counts: `maxLength` would count an emoji twice. */
export const id = v.pipe(v.string(), v.minLength(1), v.maxCodePoints(256));

/** An amount of money, in units of `currency`. */
export const amount = v.pipe(v.number(), v.minValue(0));

/** ISO 4217. */
export const currency = v.pipe(v.string(), v.regex(/^[A-Z]{3}$/, "must be three capital letters, as EUR"));

/** A number of things, 0 where there are none. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A number of things, at least 1. */
export const positiveCount = v.pipe(v.number(), v.integer(), v.minValue(1));

/** A JSON object with any members. */
export const freeObject = v.looseObject({});

/** The items of an order or a cart: 1 to 500 of them. */
export function itemsOf<const TEntries extends v.ObjectEntries>(entries: TEntries) {
  return v.pipe(v.array(v.looseObject(entries)), v.minLength(1), v.maxLength(MAX_ITEMS));
}
