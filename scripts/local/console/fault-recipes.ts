import { status } from "@grpc/grpc-js";
import type { Fault } from "../../pubsub/faults.ts";
import { type ActiveFaults, type Recipe, recipes } from "./protocol.ts";

/** Decides about one call; `calls` counts those of the function since the recipe was chosen, from 1. */
type Rule = (calls: number, topic: string) => Fault | undefined;

const NEXT = 3;
const unavailable: Fault = { kind: "error", code: status.UNAVAILABLE, details: "The service is unavailable." };

const rules: Readonly<Record<Recipe, Rule>> = {
  none: () => undefined,
  next3: (calls) => (calls <= NEXT ? unavailable : undefined),
  fifth: (calls) => (calls % 5 === 0 ? unavailable : undefined),
  slow: () => ({ kind: "delay", ms: 3000 }),
  hang: () => ({ kind: "hang" }),
  lost: () => ({ kind: "lost-answer", caller: "unavailable" }),
  denied: (_, topic) => ({
    kind: "error",
    code: status.PERMISSION_DENIED,
    details: `User not authorized to perform this action (resource=${topic}).`,
  }),
  missing: (_, topic) => ({
    kind: "error",
    code: status.NOT_FOUND,
    details: `Resource not found (resource=${topic}).`,
  }),
  dropped: () => ({ kind: "drop" }),
};

/** What goes wrong with the publish calls of each function, as chosen in the console. */
export class FaultRecipes {
  readonly #chosen = new Map<string, { readonly recipe: Recipe; calls: number }>();

  get active(): ActiveFaults {
    return Object.fromEntries([...this.#chosen].map(([name, { recipe }]) => [name, recipe]));
  }

  /** From the next call on. */
  choose(name: string, recipe: Recipe): void {
    if (recipe === "none") this.#chosen.delete(name);
    else this.#chosen.set(name, { recipe, calls: 0 });
  }

  /** @param name the function's */
  decide(name: string, topic: string): Fault | undefined {
    const chosen = this.#chosen.get(name);
    if (!chosen) return undefined;
    chosen.calls += 1;
    const fault = rules[chosen.recipe](chosen.calls, topic);
    if (chosen.recipe === "next3" && chosen.calls >= NEXT) this.#chosen.delete(name);
    return fault;
  }
}

/** Whether a value from outside names a recipe. */
export function isRecipe(value: unknown): value is Recipe {
  return typeof value === "string" && Object.hasOwn(recipes, value);
}
