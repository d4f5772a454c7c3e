import * as v from "valibot";
import { expect, it } from "vitest";
import { defineDomain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { listUnsupported } from "./check-payloads.ts";

it("finds nothing in the registry", () => {
  expect(listUnsupported(domains)).toEqual([]);
});

it("says in one line an event type where its schema cannot be projected", () => {
  const sample = { user_id: "u", payload: {} };
  const shop = defineDomain({
    name: "shop",
    entryPoint: "shop",
    topic: "shop",
    events: {
      "a.strict": { description: "A.", payload: v.object({ items: v.strictObject({}) }), sample },
      "b.unbounded": { description: "B.", payload: v.object({ items: v.array(v.string()) }), sample },
      "c.good": {
        description: "C.",
        payload: v.object({ items: v.pipe(v.array(v.string()), v.maxLength(3)) }),
        sample,
      },
    },
  });
  const lines = listUnsupported({ shop });
  expect(lines).toEqual([
    expect.stringMatching(/^a\.strict: payload\.items: v\.strictObject [^\n]*$/),
    expect.stringMatching(/^b\.unbounded: payload\.items: v\.array [^\n]*$/),
  ]);
});
