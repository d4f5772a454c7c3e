import { type FunctionOptions, type FunctionProcess, startFunction } from "../../function-process.ts";

/** A staged function that is ended and started again. */
export interface RestartableFunction {
  /** Where it listens, or did last. */
  readonly port: number;
  /** All that its processes wrote to stderr. */
  stderr(): string;
  /** Of the process that runs now. */
  peakMemoryMiB(): Promise<number>;
  /** Ends it by a signal, and starts another once it has ended. */
  restart(signal: NodeJS.Signals): Promise<void>;
  /** Stops it, as the platform does to an instance without requests, for some time. */
  freeze(milliseconds: number): void;
  /** Resolves when a process is up and no restart is under way. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRestartable(options: FunctionOptions): Promise<RestartableFunction> {
  let running: FunctionProcess = await startFunction("commerce", options);
  let written = "";
  /** One restart after the other. */
  let restarts: Promise<void> = Promise.resolve();
  return {
    get port() {
      return running.port;
    },
    stderr: () => written + running.stderr(),
    peakMemoryMiB: () => running.peakMemoryMiB(),
    restart(signal) {
      restarts = restarts.then(async () => {
        const old = running;
        // A frozen process would not hear of it.
        signalIfThere(old.pid, "SIGCONT");
        await old.stop(signal);
        written += old.stderr();
        running = await startFunction("commerce", options);
      });
      return restarts;
    },
    freeze(milliseconds) {
      const { pid } = running;
      signalIfThere(pid, "SIGSTOP");
      setTimeout(() => {
        // After a restart the number may be somebody else's.
        if (running.pid === pid) signalIfThere(pid, "SIGCONT");
      }, milliseconds);
    },
    settled: () => restarts,
    async stop() {
      await restarts.catch(() => {});
      await running.stop("SIGKILL");
    },
  };
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
