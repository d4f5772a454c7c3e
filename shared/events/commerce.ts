import * as v from "valibot";
import { defineDomain } from "./domain.ts";
import { orderId, sessionId } from "./envelope.ts";
import { amount, currency, freeObject, id, itemsOf, positiveCount } from "./payload.ts";

/** Orders, carts and payments: each event is money. */
export const commerce = defineDomain({
  name: "commerce",
  entryPoint: "commerce",
  topic: "pulsecart.commerce-events",
  events: {
    "order.placed": {
      description: "A shopper placed an order.",
      fields: orderId,
      payload: v.looseObject({
        items: itemsOf({ product_id: id, quantity: positiveCount, unit_price: v.optional(amount) }),
        total: amount,
        currency: v.optional(currency),
        shipping: v.optional(freeObject),
      }),
      sample: {
        user_id: "usr_8821",
        order_id: "ord_20771",
        payload: {
          items: [{ product_id: "prod_991", quantity: 1, unit_price: 89.99 }],
          total: 89.99,
          currency: "EUR",
          shipping: { method: "standard", country: "DE" },
        },
      },
    },
    "cart.abandoned": {
      description: "A shopper left a filled cart behind.",
      fields: sessionId,
      payload: v.looseObject({
        cart_id: id,
        items: itemsOf({ product_id: id, quantity: positiveCount }),
        total: v.optional(amount),
      }),
      sample: {
        user_id: "usr_8821",
        session_id: "sess_44fa9b",
        payload: { cart_id: "cart_99012", items: [{ product_id: "prod_991", quantity: 1 }], total: 89.99 },
      },
    },
    "payment.failed": {
      description: "A payment for an order was declined or broke off.",
      fields: orderId,
      payload: v.looseObject({
        reason: v.string(),
        provider: v.optional(v.string()),
        amount: v.optional(amount),
        currency: v.optional(currency),
        attempt: v.optional(positiveCount),
      }),
      sample: {
        user_id: "usr_8821",
        order_id: "ord_20771",
        payload: { provider: "stripe", reason: "card_declined", amount: 89.99, currency: "EUR", attempt: 2 },
      },
    },
  },
});
