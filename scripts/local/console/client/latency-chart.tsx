import { useEffect, useState } from "preact/hooks";
import { type Latencies, SECONDS_KEPT } from "./latencies.ts";

const HEIGHT = 32;
const BAR = 4;

/** The last minute's latencies: a bar a second, to the slowest answer; its darker part to the median. */
export function LatencyChart({ latencies }: { readonly latencies: Latencies }) {
  // Time passes even where nothing happens.
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = latencies.read();
  const slowest = Math.max(...seconds.map((each) => each.slowest), 0);
  const toHeight = (ms: number) => (slowest === 0 ? 0 : Math.max((ms / slowest) * HEIGHT, 1));
  const last = seconds.at(-1);
  const text = last ? `median ${toText(last.median)}, slowest ${toText(slowest)}` : "no answers for a minute";
  const first = Math.floor(Date.now() / 1000) - SECONDS_KEPT;
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${SECONDS_KEPT * BAR} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {seconds.map(({ second, median, slowest: most }) => (
          <g key={second} transform={`translate(${(second - first - 1) * BAR} 0)`}>
            <rect class="slowest" y={HEIGHT - toHeight(most)} width={BAR - 1} height={toHeight(most)} />
            <rect class="median" y={HEIGHT - toHeight(median)} width={BAR - 1} height={toHeight(median)} />
          </g>
        ))}
      </svg>
      <figcaption>{text}</figcaption>
    </figure>
  );
}

function toText(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms).toLocaleString("en")} ms`;
}
