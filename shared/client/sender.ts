import type { Sender, SenderOptions, WaitOptions } from "./api.ts";
import type { Courier, Way } from "./courier.ts";
import type { Entry } from "./entry.ts";
import { MAX_TIMER_MS } from "./hold.ts";
import { checkOptions } from "./options.ts";
import type { Outbox } from "./outbox.ts";
import { Room } from "./room.ts";

const MIB = 1024 * 1024;

/** Makes a sender, see `createSender`. */
export function makeSender(outbox: Outbox, courier: Courier, options: SenderOptions = {}): Sender {
  checkOptions("createSender", options);
  const { maxDelayMs = 50, maxEvents = 100, maxBytes = MIB, maxPending = 1000, maxPendingBytes = 64 * MIB } = options;
  const way: Way = { submit, limits: { events: maxEvents, bytes: maxBytes }, countsFrom: "call" };
  const room = new Room({ events: maxPending, bytes: maxPendingBytes }, gather);
  let gathered: Entry[] = [];
  let gatheredBytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let flushes = 0;

  function submit(entry: Entry): void {
    if (room.isClosed) {
      entry.giveUp("its sender is closed");
      return;
    }
    outbox.submit(entry, true);
    room.take(entry);
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
    outbox.release(entries);
  }

  async function flush(waitOptions: WaitOptions = {}): Promise<void> {
    checkOptions("flush and close", waitOptions);
    flushes++;
    dispatch();
    await wait(Promise.all([...room.open].map(({ outcome }) => outcome)), waitOptions);
    flushes--;
  }

  return {
    send: (event, sendOptions) => courier.send(event, way, sendOptions),
    add: (event, sendOptions) => courier.add(event, way, sendOptions),
    ready: () => room.ready(),
    flush,
    async close(waitOptions) {
      room.close();
      await flush(waitOptions);
      if (room.open.size === 0) return;
      for (const entry of room.open) entry.giveUp("its sender was closed");
      // Whoever waits for an outcome hears of it first: the process may end behind this.
      await new Promise((resolve) => setTimeout(resolve, 0));
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
