import type { Counts } from "../protocol.ts";
import { functions, toColour } from "./functions.ts";
import type { Store } from "./store.ts";

const counters: readonly (keyof Counts)[] = ["accepted", "refused", "failed", "messages"];

interface Props {
  readonly store: Store;
  /** The function that the list is filtered by; empty for none. */
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
}

/** The functions with what became of their events; a click shows only those of one. */
export function FunctionBar({ store, chosen, onChoose }: Props) {
  return (
    <fieldset class="functions">
      <legend class="hidden">Functions</legend>
      {functions.map(({ name }) => (
        <button
          key={name}
          type="button"
          class="function"
          style={toColour(name)}
          aria-pressed={chosen === name}
          onClick={() => onChoose(chosen === name ? "" : name)}
        >
          <span class="name">{name}</span>
          {counters.map((counter) => {
            const count = store.counts[name]?.[counter] ?? 0;
            const isQuiet = count === 0 && (counter === "refused" || counter === "failed");
            return (
              !isQuiet && (
                <span key={counter} class={`count ${counter}`}>
                  <b>{count.toLocaleString("en")}</b> {counter}
                </span>
              )
            );
          })}
          {store.faults[name] && <span class="count failed">Pub/Sub fails</span>}
        </button>
      ))}
    </fieldset>
  );
}
