import type { Accepted, ClientOptions, SendOptions, SendResult } from "./api.ts";
import { captureContext } from "./context.ts";
import { type Call, Entry } from "./entry.ts";
import { callBack, printError, type RefusedError } from "./errors.ts";
import type { FunctionName } from "./events.ts";
import { checkOptions } from "./options.ts";
import { writeEvent } from "./write-event.ts";

const TIMEOUT_MS = 60_000;

interface CourierOptions extends Pick<ClientOptions, "timeoutMs" | "onError"> {
  /** The functions' URLs; undefined: another client knows them. */
  readonly urls?: ReadonlyMap<FunctionName, string> | undefined;
}

/** How events are sent that are given by one method. */
export interface Way extends Pick<Call, "limits" | "countsFrom"> {
  submit(entry: Entry): void;
}

/** Takes events on for a client and its senders, and tells what becomes of them. */
export class Courier {
  readonly #options: CourierOptions;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** Takes the events of one call on, in whose context they are sent. @throws TypeError for options that are none */
  take(events: readonly unknown[], way: Way, sendOptions: SendOptions = {}): (SendResult | Promise<SendResult>)[] {
    checkOptions("send", sendOptions);
    const { limits, countsFrom } = way;
    const { signal, traceparent, timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS } = sendOptions;
    const call = { timeoutMs, countsFrom, traceparent, context: captureContext(), limits };
    const written = events.map((event) => {
      try {
        return new Entry(writeEvent(event, this.#options.urls), call);
      } catch (error) {
        return error as RefusedError;
      }
    });
    const entries = written.filter((entry) => entry instanceof Entry);
    for (const entry of entries) way.submit(entry);
    if (signal) abortOn(signal, entries);
    return written.map((it) => (it instanceof Entry ? it.outcome : { event_id: it.event_id, error: it }));
  }

  /** Sends one event. @throws its outcome's error; TypeError for options that are none */
  async send(event: unknown, way: Way, sendOptions?: SendOptions): Promise<Accepted> {
    const result = (await this.take([event], way, sendOptions)[0]) as SendResult;
    if (result.error) throw result.error;
    return result;
  }

  /** Sends one event that nobody waits for: `onError` is told if it is not accepted. It never throws. */
  add(event: unknown, way: Way, sendOptions?: SendOptions): void {
    const { onError = printError } = this.#options;
    this.send(event, way, sendOptions).catch((error) => callBack(() => onError(error, error.event)));
  }
}

/** Has a signal end the waiting for events. */
function abortOn(signal: NonNullable<SendOptions["signal"]>, entries: readonly Entry[]): void {
  const abort = () => {
    for (const entry of entries) if (!entry.isSettled) entry.abort(signal.reason);
  };
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  void Promise.all(entries.map(({ outcome }) => outcome)).then(() => signal.removeEventListener("abort", abort));
}
