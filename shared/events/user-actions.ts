import * as v from "valibot";
import { defineDomain } from "./domain.ts";
import { sessionId } from "./envelope.ts";
import { amount, count, currency, freeObject, id, positiveCount } from "./payload.ts";

/** What shoppers do before they buy: bursts of small events. */
export const userActions = defineDomain({
  name: "user-actions",
  entryPoint: "userActions",
  topic: "pulsecart.user-actions",
  events: {
    "cart.item_added": {
      description: "A shopper put a product into the cart.",
      fields: sessionId,
      payload: v.looseObject({
        product_id: id,
        quantity: positiveCount,
        cart_id: v.optional(id),
        unit_price: v.optional(amount),
        currency: v.optional(currency),
      }),
      sample: {
        user_id: "usr_8821",
        session_id: "sess_44fa9b",
        payload: { cart_id: "cart_99012", product_id: "prod_991", quantity: 2, unit_price: 44.5, currency: "EUR" },
      },
    },
    "product.viewed": {
      description: "A shopper looked at a product's page.",
      payload: v.looseObject({
        product_id: id,
        category: v.optional(v.string()),
        referrer: v.optional(v.string()),
      }),
      sample: {
        user_id: "usr_8821",
        payload: { product_id: "prod_991", category: "running-shoes", referrer: "search" },
      },
    },
    "search.performed": {
      description: "A shopper searched the catalogue.",
      payload: v.looseObject({
        query: v.pipe(v.string(), v.maxCodePoints(1024)),
        results: v.optional(count),
        filters: v.optional(freeObject),
      }),
      sample: {
        user_id: "usr_8821",
        payload: { query: "trail running shoes", results: 48, filters: { size: "42", colour: "blue" } },
      },
    },
  },
});
