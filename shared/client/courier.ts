import type { ClientOptions, SendOptions } from "./api.ts";
import { captureContext } from "./context.ts";
import { type BatchLimits, type CallOptions, Entry } from "./entry.ts";
import { callBack, printError, type SendError } from "./errors.ts";
import type { FunctionName } from "./events.ts";
import { checkOptions } from "./options.ts";
import type { Outbox } from "./outbox.ts";
import { writeEvent } from "./write-event.ts";

const TIMEOUT_MS = 60_000;

export interface CourierOptions extends Pick<ClientOptions, "timeoutMs" | "onError"> {
  /** The functions' URLs; undefined: another client knows them. */
  readonly urls: ReadonlyMap<FunctionName, string> | undefined;
}

/** Takes events on for a client and its senders, and tells what becomes of those that nobody waits for. */
export class Courier {
  readonly outbox: Outbox;
  readonly #options: CourierOptions;

  constructor(outbox: Outbox, options: CourierOptions) {
    this.outbox = outbox;
    this.#options = options;
  }

  /** Reads the options of one call, in whose context its events are sent. @throws TypeError for options that are none */
  toCall(limits: BatchLimits, countsFrom: CallOptions["countsFrom"], sendOptions?: SendOptions): CallOptions {
    if (sendOptions) checkOptions("send", sendOptions);
    const { timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS, traceparent } = sendOptions ?? {};
    return { timeoutMs, traceparent, limits, countsFrom, context: captureContext() };
  }

  /** @throws RefusedError for an event that cannot be sent */
  toEntry(event: unknown, call: CallOptions): Entry {
    return new Entry(writeEvent(event, this.#options.urls), call);
  }

  /** Has a signal end the waiting for events. */
  abortOn(signal: SendOptions["signal"], entries: readonly Entry[]): void {
    if (!signal) return;
    const abort = () => {
      for (const entry of entries) entry.abort(signal.reason);
    };
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    void Promise.all(entries.map(({ outcome }) => outcome)).then(() => signal.removeEventListener("abort", abort));
  }

  /** Says that an event was not accepted that nobody waits for. It never throws. */
  report(error: SendError): void {
    const { onError = printError } = this.#options;
    void callBack(() => onError(error, error.event));
  }
}
