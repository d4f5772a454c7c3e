import { toPubSubNames } from "../../../common/pubsub-resources.ts";
import type { Counts, SubscriptionBacklog } from "../protocol.ts";
import { functions, toColour } from "./functions.ts";
import type { Store } from "./store.ts";
import { toTime } from "./time.ts";

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
    <fieldset class="functions" aria-label="Functions">
      {functions.map(({ name, topic }) => (
        <button
          key={name}
          type="button"
          class="function"
          style={toColour(name)}
          aria-pressed={chosen === name}
          onClick={() => onChoose(chosen === name ? "" : name)}
        >
          <span class="name cut">{name}</span>
          {counters.map((counter) => {
            const count = store.counts[name]?.[counter] ?? 0;
            const isQuiet = count === 0 && (counter === "refused" || counter === "failed");
            return (
              !isQuiet && (
                <span key={counter} class={`count ${counter === "messages" ? "wide" : counter}`}>
                  <b>{count.toLocaleString("en")}</b> {counter}
                </span>
              )
            );
          })}
          {store.faults[name] && <span class="count failed wide">Pub/Sub fails</span>}
          <span class="backlogs">
            {store.backlogs
              .filter((each) => each.topic === topic || each.topic === toPubSubNames(topic).deadLetter)
              .map((each) => (
                <Backlog key={each.subscription} topic={topic} backlog={each} />
              ))}
          </span>
        </button>
      ))}
      {store.hello && store.hello.broker !== "embedded" && (
        <p class="hint wide">What consumers have not acknowledged, the embedded Pub/Sub server alone tells.</p>
      )}
    </fieldset>
  );
}

/** What the consumers of one subscription have not acknowledged. */
function Backlog({ topic, backlog }: { readonly topic: string; readonly backlog: SubscriptionBacklog }) {
  const { subscription, messages, oldest, isRead } = backlog;
  const isDeadLetter = backlog.topic !== topic;
  // Empty as it should be.
  if (isDeadLetter && messages === 0) return null;
  return (
    <span class={isDeadLetter ? "count failed" : "count wide"} title={`The subscription ${subscription}`}>
      {isDeadLetter ? "dead letters" : subscription.replace(`${topic}.`, "")}:{" "}
      {oldest === undefined ? (
        "all acknowledged"
      ) : (
        <>
          <b>{messages.toLocaleString("en")}</b> not acknowledged, oldest {toTime(oldest).slice(0, 8)}
        </>
      )}
      {!isRead && !isDeadLetter && ", nobody reads"}
    </span>
  );
}
