import type { NamedFault } from "../protocol.ts";

/** More faults than anybody reads in a row. Further ones are counted: each would take its time to find, mark and draw. */
export const MOST_FAULTS = 100;

interface Props {
  readonly label: string;
  readonly faults: readonly NamedFault[];
  /** Whether a screen reader says what changes. */
  readonly isLive?: boolean;
}

/** The faults that an answer names. */
export function FaultList({ label, faults, isLive = false }: Props) {
  return (
    <ul class="faults" aria-label={label} aria-live={isLive ? "polite" : "off"}>
      {faults.slice(0, MOST_FAULTS).map(({ path, message, isWarning }) => (
        <li key={`${path} ${message}`} class={isWarning ? "unsure" : "failed"}>
          {path && <code>{path}</code>} {message}
          {isWarning && <span class="hint"> (reported only)</span>}
        </li>
      ))}
      {faults.length > MOST_FAULTS && (
        <li class="hint">and {(faults.length - MOST_FAULTS).toLocaleString("en")} more</li>
      )}
    </ul>
  );
}
