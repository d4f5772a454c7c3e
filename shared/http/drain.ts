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
  /** Ends the process; called once. */
  exit(): void;
}

/** The requests of this process, and whether it still takes new ones. */
export class Drain {
  #active = 0;
  #ending: Ending | undefined;
  #isClosing = false;
  #hasExited = false;
  #giveUp: NodeJS.Timeout | undefined;

  get isDraining(): boolean {
    return this.#ending !== undefined;
  }

  enter(): void {
    this.#active++;
  }

  leave(): void {
    this.#active--;
    if (this.#active === 0 && this.#ending) this.#close(this.#ending);
  }

  /**
   * Ends the process once the requests in flight have their answers; a second call does nothing. Until then the server goes
   * on listening, so that new requests are told to go elsewhere rather than refused.
   */
  begin(ending: Ending): void {
    if (this.#ending) return;
    this.#ending = ending;
    if (this.#active === 0) {
      this.#close(ending);
      return;
    }
    this.#giveUp = setTimeout(() => ending.giveUp(), GRACE_MS);
    setTimeout(() => this.#exit(ending), LAST_MS);
  }

  #close(ending: Ending): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    clearTimeout(this.#giveUp);
    ending.close(() => this.#exit(ending));
    setTimeout(() => this.#exit(ending), FLUSH_MS);
  }

  #exit(ending: Ending): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    ending.exit();
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
