import type { Sender, SenderOptions, SendOptions, WaitOptions } from "./api.ts";
import type { Courier } from "./courier.ts";
import { type Entry, toAccepted } from "./entry.ts";
import type { SendError } from "./errors.ts";
import { MAX_TIMER_MS } from "./hold.ts";
import { checkOptions } from "./options.ts";
import { Room } from "./room.ts";

const MIB = 1024 * 1024;

/**
 * Makes a sender, which gathers events that are sent one by one into batches: a request is most of what an event costs.
 *
 * @throws TypeError for options that are none
 */
export function makeSender(courier: Courier, options: SenderOptions = {}): Sender {
  checkOptions("createSender", options);
  const { maxDelayMs = 50, maxEvents = 100, maxBytes = MIB, maxPending = 1000, maxPendingBytes = 64 * MIB } = options;
  const limits = { events: maxEvents, bytes: maxBytes };
  let gathered: Entry[] = [];
  let gatheredBytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const room = new Room({ events: maxPending, bytes: maxPendingBytes }, gather);
  let flushes = 0;
  let isClosed = false;

  function take(event: unknown, sendOptions: SendOptions | undefined): Entry {
    const entry = courier.toEntry(event, courier.toCall(limits, "call", sendOptions));
    if (isClosed) {
      entry.giveUp("its sender is closed");
      return entry;
    }
    courier.outbox.submit([entry], true);
    courier.abortOn(sendOptions?.signal, [entry]);
    room.take(entry);
    return entry;
  }

  function gather(entry: Entry): void {
    gathered.push(entry);
    gatheredBytes += entry.bytes;
    if (flushes > 0 || gathered.length >= maxEvents || gatheredBytes >= maxBytes) dispatch();
    else timer ??= setTimeout(dispatch, maxDelayMs);
  }

  function dispatch(): void {
    clearTimeout(timer);
    const entries = gathered;
    [gathered, gatheredBytes, timer] = [[], 0, undefined];
    courier.outbox.release(entries);
  }

  async function flush(waitOptions: WaitOptions = {}): Promise<void> {
    checkOptions("flush and close", waitOptions);
    flushes++;
    dispatch();
    await wait(Promise.all(room.open.map(({ outcome }) => outcome)), waitOptions);
    flushes--;
  }

  return {
    send: async (event, sendOptions) => toAccepted(take(event, sendOptions)),
    add(event, sendOptions) {
      try {
        const { outcome, call } = take(event, sendOptions);
        void outcome.then((known) => {
          const { error } = known as { readonly error?: SendError };
          if (error) call.context.run(() => courier.report(error));
        });
      } catch (error) {
        courier.report(error as SendError);
      }
    },
    ready: () => room.ready(),
    flush,
    async close(waitOptions) {
      isClosed = true;
      room.close();
      await flush(waitOptions);
      for (const entry of room.open) entry.giveUp("its sender was closed");
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  };
}

/** Waits until work is done, or until the time is over or the signal aborts, whichever comes first. */
async function wait(work: Promise<unknown>, { timeoutMs, signal }: WaitOptions): Promise<void> {
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
