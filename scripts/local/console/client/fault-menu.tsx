import { useRef } from "preact/hooks";
import { type Recipe, recipes } from "../protocol.ts";
import { functions, toColour } from "./functions.ts";
import { sendJson } from "./send.ts";
import type { Store } from "./store.ts";

/** Has Pub/Sub fail for a function, to see what callers get. */
export function FaultMenu({ store }: { readonly store: Store }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const active = Object.keys(store.faults);
  const choose = (name: string, recipe: string) =>
    sendJson("PUT", "/console/faults", JSON.stringify({ function: name, recipe }));
  const close = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !menu.current?.open) return;
    event.stopPropagation();
    menu.current.open = false;
    menu.current.querySelector("summary")?.focus();
  };
  return (
    <details ref={menu} class="menu" onKeyDown={close}>
      <summary class={active.length > 0 ? "button on" : "button"}>
        {active.length > 0 ? `Pub/Sub fails: ${active.join(", ")}` : "Break Pub/Sub"}
      </summary>
      <div class="sheet">
        <p class="hint">What the publish calls of a function meet from now on.</p>
        {functions.map(({ name }) => (
          <label key={name} class="recipe" style={toColour(name)}>
            <span class="name">{name}</span>
            <select
              aria-label={`Pub/Sub for ${name}`}
              value={store.faults[name] ?? "none"}
              onChange={({ currentTarget }) => choose(name, currentTarget.value)}
            >
              {(Object.keys(recipes) as Recipe[]).map((recipe) => (
                <option key={recipe} value={recipe}>
                  {recipes[recipe]}
                </option>
              ))}
            </select>
          </label>
        ))}
        <p class="row">
          <button type="button" onClick={() => choose("all", "none")} disabled={active.length === 0}>
            Heal all
          </button>
        </p>
        <p class="hint">
          It happens on the way to Pub/Sub: a publisher of your own, at {store.hello?.pubsub ?? "its address"}, does not
          meet it.
        </p>
      </div>
    </details>
  );
}
