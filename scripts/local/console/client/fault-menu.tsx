import { useRef, useState } from "preact/hooks";
import { parseObject } from "../parse-json.ts";
import { type ActiveFaults, type Recipe, recipes } from "../protocol.ts";
import { functions, toColour } from "./functions.ts";
import { Menu } from "./menu.tsx";
import { sendJson } from "./send.ts";
import type { Store } from "./store.ts";

/** In place of a function's name: what is chosen is for each of them. */
const ALL = "all";

/** Has Pub/Sub fail for a function, to see what callers get. */
export function FaultMenu({ store }: { readonly store: Store }) {
  const active = Object.keys(store.faults);
  // What is chosen and not confirmed yet: a rendering meanwhile would take it back from under the next key.
  const [chosen, setChosen] = useState<Readonly<Record<string, string>>>({});
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const recipeOf = (name: string) => chosen[name] ?? store.faults[name] ?? "none";
  const common = new Set(functions.map(({ name }) => recipeOf(name)));
  const choose = (name: string, recipe: string) => {
    const names = name === ALL ? functions.map((each) => each.name) : [name];
    setChosen((before) => ({ ...before, ...Object.fromEntries(names.map((each) => [each, recipe])) }));
    // One after the other: two that are under way at once may arrive in either order.
    const sending = last.current.then(async () => {
      const { status, body } = await sendJson("PUT", "/console/faults", JSON.stringify({ function: name, recipe }));
      if (status === 200) store.setFaults(parseObject(body) as ActiveFaults);
      if (last.current === sending) setChosen({});
    });
    last.current = sending;
  };
  return (
    <Menu
      name="menu"
      title={active.length > 0 ? `Pub/Sub fails: ${active.join(", ")}` : "Break Pub/Sub"}
      isLoud={active.length > 0}
    >
      <p class="hint">What the publish calls of a function meet from now on.</p>
      {[ALL, ...functions.map(({ name }) => name)].map((name) => (
        <label key={name} class="recipe field" style={toColour(name)}>
          <span class="name">{name === ALL ? "all functions" : name}</span>
          <select
            aria-label={`Pub/Sub for ${name === ALL ? "all functions" : name}`}
            value={name !== ALL ? recipeOf(name) : common.size === 1 ? [...common][0] : ""}
            onChange={({ currentTarget }) => choose(name, currentTarget.value)}
          >
            {name === ALL && common.size > 1 && <option value="">differs</option>}
            {(Object.keys(recipes) as Recipe[]).map((recipe) => (
              <option key={recipe} value={recipe}>
                {recipes[recipe]}
              </option>
            ))}
          </select>
        </label>
      ))}
      <p class="row">
        {/* Never disabled: it would lose the focus, and with it Escape. */}
        <button type="button" onClick={() => choose(ALL, "none")}>
          Heal all
        </button>
      </p>
      <p class="hint">
        It happens on the way to Pub/Sub: a publisher of your own, at {store.hello?.pubsub ?? "its address"}, does not
        meet it.
      </p>
    </Menu>
  );
}
