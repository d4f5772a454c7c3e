import type { NamedFault } from "../protocol.ts";

/** More faults than anybody reads in a row. Further ones are counted: each would take its time to find, mark and draw. */
export const MOST_FAULTS = 100;

interface Props {
  readonly faults: readonly NamedFault[];
}

/** The faults that an answer names. */
export function FaultList({ faults }: Props) {
  if (faults.length === 0) return null;
  return (
    <ul class="faults" aria-label="Faults">
      <FaultItems faults={faults} />
    </ul>
  );
}

/** The entries of a list of faults. */
export function FaultItems({ faults }: Props) {
  return (
    <>
      {faults.slice(0, MOST_FAULTS).map(({ path, message, isWarning }) => (
        <li key={`${path} ${message}`} class={isWarning ? "warning" : ""}>
          {path && <code>{path}</code>} {message}
          {isWarning && <span class="hint"> (reported only)</span>}
        </li>
      ))}
      {faults.length > MOST_FAULTS && <li class="hint">{toRest(faults.length)}</li>}
    </>
  );
}

/** @returns how many of some faults are not listed, in words */
export function toRest(faults: number): string {
  return `and ${(faults - MOST_FAULTS).toLocaleString("en")} more`;
}
