import * as v from "valibot";
import { defineDomain } from "./domain.ts";
import { count, freeObject, id } from "./payload.ts";

/** What the platform itself reports. */
export const system = defineDomain({
  name: "system",
  entryPoint: "system",
  topic: "pulsecart.system-events",
  events: {
    "message.personalized_send": {
      description: "A personalised message to a shopper is due.",
      payload: v.looseObject({
        channel: v.string(),
        template: v.string(),
        locale: v.optional(v.string()),
        variables: v.optional(freeObject),
      }),
      sample: {
        user_id: "usr_8821",
        payload: { channel: "email", template: "cart-reminder", locale: "de-DE", variables: { first_name: "Ada" } },
      },
    },
    "inventory.low_stock_alert": {
      description: "A product's stock fell below its threshold.",
      payload: v.looseObject({
        product_id: id,
        stock: count,
        warehouse: v.optional(v.string()),
        threshold: v.optional(count),
      }),
      sample: {
        user_id: "svc_inventory",
        payload: { product_id: "prod_991", warehouse: "ber-1", stock: 4, threshold: 10 },
      },
    },
  },
});
