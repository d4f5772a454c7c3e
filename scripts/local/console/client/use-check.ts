import { useEffect, useState } from "preact/hooks";
import { checkEvent, type Fault } from "./check-event.ts";

const CHECK_DELAY_MS = 200;

/**
 * @param run names the run of the stack: another one may judge otherwise
 * @returns what is wrong with a text, as of its last check
 */
export function useCheck(text: string, run: string | undefined): readonly Fault[] {
  const [faults, setFaults] = useState<readonly Fault[]>([]);
  useEffect(() => {
    const checking = new AbortController();
    const timer = setTimeout(async () => {
      const found = await checkEvent(text, checking.signal);
      if (!checking.signal.aborted) setFaults(found);
    }, CHECK_DELAY_MS);
    return () => {
      clearTimeout(timer);
      checking.abort();
    };
  }, [text, run]);
  return faults;
}
