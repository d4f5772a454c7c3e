import type { Domain } from "../../../../shared/events/domain.ts";
import type { Counts } from "../protocol.ts";
import { LatencyChart } from "./latency-chart.tsx";
import type { Store } from "./store.ts";

const labels: Readonly<Record<keyof Counts, string>> = {
  accepted: "accepted",
  refused: "refused",
  failed: "failed",
  arrived: "arrived",
};

/** One function: how its requests ended, how long they took, how many messages reached its topic. */
export function FunctionCard({ domain, store }: { readonly domain: Domain; readonly store: Store }) {
  const counts = store.countsOf(domain.name);
  return (
    <section class={`panel card ${domain.name}`} aria-label={domain.name}>
      <h2>{domain.name}</h2>
      <dl class="counts">
        {(Object.keys(labels) as (keyof Counts)[]).map((counter) => (
          <div key={counter} class={counts[counter] > 0 ? counter : ""}>
            <dt>{labels[counter]}</dt>
            <dd>{counts[counter].toLocaleString("en")}</dd>
          </div>
        ))}
      </dl>
      <LatencyChart latencies={store.latenciesOf(domain.name)} />
    </section>
  );
}
