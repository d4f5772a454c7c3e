import type { Server } from "node:http";

/** The platform kills 10 s after SIGTERM. Until here requests in flight get their real answer… */
const GRACE_MS = 8000;
/** …and until here what is then answered in their stead. */
const LAST_MS = 8800;
/** For responses that are written, but not yet read. */
const FLUSH_MS = 300;

/** The requests of this process, and whether it still takes new ones. */
export class Drain {
  #active = 0;
  #isDraining = false;
  #onIdle: (() => void) | undefined;

  get isDraining(): boolean {
    return this.#isDraining;
  }

  enter(): void {
    this.#active++;
  }

  leave(): void {
    this.#active--;
    if (this.#active === 0) this.#onIdle?.();
  }

  /**
   * Ends the process with 0 on SIGTERM or SIGINT, after the requests in flight have their answers.
   *
   * In place of functions-framework's own handlers, which answer the latest request with 500 and exit at once
   * (https://github.com/GoogleCloudPlatform/functions-framework-nodejs/issues/704). While requests are in flight the
   * server goes on listening, so that new ones are told to go elsewhere rather than refused.
   *
   * @param giveUp fails what is still in flight when the time is up
   */
  onSignal(server: Server, giveUp: () => void): void {
    const drain = () => {
      this.#isDraining = true;
      const end = () => {
        server.close(() => process.exit(0));
        setTimeout(() => process.exit(0), FLUSH_MS);
      };
      if (this.#active === 0) return end();
      this.#onIdle = end;
      setTimeout(giveUp, GRACE_MS);
      setTimeout(() => process.exit(0), LAST_MS);
    };
    for (const signal of ["SIGTERM", "SIGINT"]) process.removeAllListeners(signal).once(signal, drain);
  }
}
