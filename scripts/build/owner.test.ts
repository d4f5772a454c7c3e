import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { describe, expect, it, test } from "vitest";
import { commerce } from "../../shared/events/commerce.ts";
import { defineDomain } from "../../shared/events/domain.ts";
import { compareContracts } from "../contract/compare-contracts.ts";
import { judge, toLine } from "../contract/verdict.ts";
import { listOwners } from "../deploy/monitoring/policy-resource.ts";
import { toAsyncApi } from "./asyncapi/document.ts";
import { listForgotten } from "./check-registry.ts";
import { readCommit } from "./commit.ts";
import { toEventSchemas } from "./openapi/event-schemas.ts";
import { toPicture } from "./schemas/picture.ts";

const sample = { user_id: "u", payload: {} };
const define = (owner?: string) =>
  defineDomain({
    ...{ name: "commerce", entryPoint: "commerce", topic: "pulsecart.commerce-events" },
    events: {
      "order.placed": { description: "A shopper placed an order.", ...(owner !== undefined && { owner }), sample },
      "cart.abandoned": { description: "A shopper left a filled cart behind.", sample },
    },
  });
const owned = define("team-orders@example.com");

test("an event type's owner stands in AsyncAPI and in OpenAPI", () => {
  const { messages } = toAsyncApi([owned]).components;
  expect(messages["order.placed"]?.["x-owner"]).toBe("team-orders@example.com");
  expect(messages["cart.abandoned"]).not.toHaveProperty("x-owner");
  const schemas = toEventSchemas(owned);
  expect(schemas.OrderPlaced?.["x-owner"]).toBe("team-orders@example.com");
  expect(schemas.CartAbandoned).not.toHaveProperty("x-owner");
});

test("in the text of an alert, and not where nobody has one", () => {
  expect(listOwners([owned])).toBe("\n\nOwners:\n\n- `order.placed`: team-orders@example.com");
  expect(listOwners([commerce])).toBe("");
});

test("in the gate's lines, also of a type that is gone; who has it changes no contract", () => {
  const [event] = Object.values(owned.events);
  if (!event) throw new Error("there is an event");
  const before = new Map([[event.type, { picture: toPicture(owned, event), event }]]);
  const lines = judge(compareContracts(before, new Map()), []).findings.map(toLine);
  expect(lines[0]).toBe(
    "order.placed  BACKWARD  type removed: events accepted today would be refused (owner: team-orders@example.com)",
  );
  const other = define("another-team").events["order.placed"];
  const after = new Map([[event.type, { picture: toPicture(owned, other), event: other }]]);
  expect(compareContracts(before, after)).toEqual([]);
});

test.each(["", "a\nb", "a | b", "x".repeat(101)])("one that is no line of a table is refused: %j", (owner) => {
  expect(listForgotten({ commerce: define(owner) })).toContain(
    "shared/events/commerce.ts: the owner of order.placed must be one line of 1 to 100 characters without |",
  );
  expect(listForgotten({ commerce: owned }).filter((line) => line.includes("owner"))).toEqual([]);
});

describe("the commit", () => {
  it("reads the commit of the tree, and nothing where there is no git", () => {
    // A source archive has no history; CI and whoever clones do.
    const isClone = readCommit() !== undefined;
    if (isClone) expect(execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" })).toContain(readCommit());
    expect(readCommit(tmpdir())).toBeUndefined();
  });
});
