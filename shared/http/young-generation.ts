import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Two semi-spaces of 16 MiB. */
const LARGEST_BYTES = 32 * 1024 * 1024;
/** A semi-space doubles after as many bytes have survived as it holds: seconds, at this size, under full load. */
const CHECK_MS = 250;

/**
 * Stops V8's young generation from growing beyond what an event's short-lived objects gain from.
 *
 * Left alone it grows to 128 MiB under load, besides what `--max-old-space-size` bounds: at 80 concurrent requests a
 * process peaked at 241 MiB, which the platform kills in an instance of 256; capped, at 146, at the same CPU an event.
 * V8 fixes the maximum (`--max-semi-space-size`) before any code of ours runs, and the platform's start command is not
 * ours; the factor by which it grows is read each time.
 */
export function capYoungGeneration(): void {
  const timer = setInterval(() => {
    const size = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0;
    if (size < LARGEST_BYTES) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    clearInterval(timer);
  }, CHECK_MS);
  timer.unref();
}
