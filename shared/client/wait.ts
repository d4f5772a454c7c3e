import type { WaitOptions } from "./api.ts";
import { MAX_TIMER_MS } from "./hold.ts";

/** Waits until work is done, or until the time is over or the signal aborts, whichever comes first. */
export async function wait(work: Promise<unknown>, { timeoutMs, signal }: WaitOptions): Promise<void> {
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const timer = timeoutMs !== undefined && timeoutMs <= MAX_TIMER_MS ? setTimeout(stop, timeoutMs) : undefined;
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  await Promise.race([work, stopped]);
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
}
