import { defineDomain } from "./domain.ts";
import { sessionId } from "./envelope.ts";

/** What shoppers do before they buy: bursts of small events. */
export const userActions = defineDomain({
  name: "user-actions",
  entryPoint: "userActions",
  topic: "pulsecart.user-actions",
  batching: { maxMessages: 100, maxBytes: 1024 * 1024 },
  events: {
    "cart.item_added": {
      description: "A shopper put a product into the cart.",
      fields: sessionId,
      sample: {
        user_id: "usr_8821",
        session_id: "sess_44fa9b",
        payload: { cart_id: "cart_99012", product_id: "prod_991", quantity: 2, unit_price: 44.5, currency: "EUR" },
      },
    },
    "product.viewed": {
      description: "A shopper looked at a product's page.",
      sample: {
        user_id: "usr_8821",
        payload: { product_id: "prod_991", category: "running-shoes", referrer: "search" },
      },
    },
    "search.performed": {
      description: "A shopper searched the catalogue.",
      sample: {
        user_id: "usr_8821",
        payload: { query: "trail running shoes", results: 48, filters: { size: "42", colour: "blue" } },
      },
    },
  },
});
