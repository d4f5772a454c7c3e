import type { EventEmitter } from "node:events";

/** The platform kills 10 s after SIGTERM. Until here requests in flight get their real answer… */
const GRACE_MS = 8000;
/** …then the rest is failed and answered, until here. */
const LAST_MS = 8800;
/** For responses that are written, but not yet read. */
const FLUSH_MS = 300;

/** What happens to the process as it ends. */
export interface Ending {
  /** Closes what is idle, and takes no new connections. @param onClosed called once none is left */
  close(onClosed: () => void): void;
  /** Fails what is still in flight. */
  giveUp(): void;
  /** Ends the process; may be called again before it has ended. */
  exit(): void;
}

/** The requests of this process, and whether it still takes new ones. */
export class Drain {
  #active = 0;
  #ending: Ending | undefined;
  #flush: NodeJS.Timeout | undefined;

  get isDraining(): boolean {
    return this.#ending !== undefined;
  }

  enter(): void {
    this.#active++;
    clearTimeout(this.#flush);
  }

  leave(): void {
    this.#active--;
    if (this.#active === 0 && this.#ending) this.#close(this.#ending);
  }

  /** The process does not end before this has closed: a caller that is still sending would lose its answer. */
  waitFor(source: EventEmitter): void {
    this.enter();
    source.once("close", () => this.leave());
  }

  /**
   * Ends the process once the requests in flight have their answers, and what is refused has arrived; a second call does
   * nothing. Until then the server goes on listening, so that new requests are told to go elsewhere rather than refused.
   */
  begin(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    setTimeout(() => ending.giveUp(), GRACE_MS);
    setTimeout(() => ending.exit(), LAST_MS);
    if (this.#active === 0) this.#close(ending);
  }

  #close(ending: Ending): void {
    const isFirst = this.#flush === undefined;
    // A connection that was open may bring another request, which is refused.
    this.#flush = setTimeout(() => ending.exit(), FLUSH_MS);
    if (isFirst) ending.close(() => ending.exit());
  }
}

/**
 * Has SIGTERM and SIGINT call a function, each time: a second one must not kill what the first one lets end.
 *
 * In place of functions-framework's own handlers, which answer the latest request with 500 and exit at once
 * (https://github.com/GoogleCloudPlatform/functions-framework-nodejs/issues/704).
 */
export function onSignals(drain: () => void): void {
  for (const signal of ["SIGTERM", "SIGINT"]) process.removeAllListeners(signal).on(signal, drain);
}
