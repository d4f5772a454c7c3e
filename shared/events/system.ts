import { defineDomain } from "./domain.ts";

/** What the platform itself reports. */
export const system = defineDomain({
  name: "system",
  entryPoint: "system",
  topic: "pulsecart.system-events",
  batching: { maxMessages: 100, maxBytes: 1024 * 1024 },
  events: {
    "message.personalized_send": {
      description: "A personalised message to a shopper is due.",
      sample: {
        user_id: "usr_8821",
        payload: { channel: "email", template: "cart-reminder", locale: "de-DE", variables: { first_name: "Ada" } },
      },
    },
    "inventory.low_stock_alert": {
      description: "A product's stock fell below its threshold.",
      sample: {
        user_id: "svc_inventory",
        payload: { product_id: "prod_991", warehouse: "ber-1", stock: 4, threshold: 10 },
      },
    },
  },
});
