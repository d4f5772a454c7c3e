/** A registry of one domain, so that tests of the gate do not depend on which types the project has. */
export const smallRegistry: Readonly<Record<string, string>> = {
  "shared/events/registry.ts": `import { commerce } from "./commerce.ts";

export const domains = { commerce };
`,
  "shared/events/codes.ts": `export const COUNTRIES = ["DE", "FR", "IT"];
`,
  "shared/events/commerce.ts": `import * as v from "valibot";
import { COUNTRIES } from "./codes.ts";
import { defineDomain } from "./domain.ts";
import { orderId, sessionId } from "./envelope.ts";

const MAX_ITEMS = 500;
const items = v.pipe(v.array(v.looseObject({ product_id: v.string(), quantity: v.number() })), v.maxLength(MAX_ITEMS));
const inSet = (codes) => v.pipe(v.string(), v.check((code) => codes.includes(code), "must be a country"));

export const commerce = defineDomain({
  name: "commerce",
  entryPoint: "commerce",
  topic: "pulsecart.commerce-events",
  events: {
    "order.placed": {
      description: "A shopper placed an order.",
      fields: orderId,
      payload: v.looseObject({
        items,
        total: v.number(),
        currency: v.optional(v.string()),
      }),
      sample: { user_id: "u", order_id: "o", payload: { items: [], total: 1, currency: "EUR" } },
    },
    "cart.abandoned": {
      description: "A shopper left a filled cart behind.",
      fields: sessionId,
      payload: v.looseObject({
        items,
        country: v.optional(inSet(COUNTRIES)),
      }),
      enforce: true,
      sample: { user_id: "u", session_id: "s", payload: { items: [] } },
    },
    "payment.failed": {
      description: "A payment failed.",
      owner: "payments",
      payload: v.looseObject({ reason: v.string(), provider: v.optional(v.string()) }),
      sample: { user_id: "u", payload: { reason: "card_declined" } },
    },
  },
});
`,
};
