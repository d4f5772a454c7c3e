import { monitorEventLoopDelay } from "node:perf_hooks";

// Loaded into a function's process by `--import`: at SIGUSR2 it writes how long its thread was held at most since the last.

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on("SIGUSR2", () => {
  process.stdout.write(`${JSON.stringify({ longestStallMs: delay.max / 1e6 })}\n`);
  delay.reset();
});
