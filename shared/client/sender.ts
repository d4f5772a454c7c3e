import type { Sender, SenderOptions, SendOptions, WaitOptions } from "./api.ts";
import type { Courier } from "./courier.ts";
import { type Entry, toAccepted } from "./entry.ts";
import type { SendError } from "./errors.ts";
import type { FunctionName } from "./events.ts";
import { checkOptions } from "./options.ts";
import { Room } from "./room.ts";
import { wait } from "./wait.ts";

const MIB = 1024 * 1024;

/** Events of one function that wait for company. */
interface Gathered {
  entries: Entry[];
  bytes: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Makes a sender, which gathers events that are sent one by one into batches: a request is most of what an event costs.
 *
 * @throws TypeError for options that are none
 */
export function makeSender(courier: Courier, options: SenderOptions = {}): Sender {
  checkOptions("createSender", options);
  const { maxDelayMs = 50, maxEvents = 100, maxBytes = MIB, maxPending = 1000, maxPendingBytes = 64 * MIB } = options;
  const limits = { events: maxEvents, bytes: maxBytes };
  const gathered = new Map<FunctionName, Gathered>();
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
    const group = gathered.get(entry.target) ?? { entries: [], bytes: 0, timer: undefined };
    gathered.set(entry.target, group);
    group.entries.push(entry);
    group.bytes += entry.bytes;
    if (flushes > 0 || group.entries.length >= limits.events || group.bytes >= limits.bytes) dispatch(group);
    else group.timer ??= setTimeout(dispatch, maxDelayMs, group);
  }

  function dispatch(group: Gathered): void {
    clearTimeout(group.timer);
    const { entries } = group;
    Object.assign(group, { entries: [], bytes: 0, timer: undefined } satisfies Gathered);
    courier.outbox.release(entries);
  }

  async function flush(waitOptions: WaitOptions = {}): Promise<void> {
    checkOptions("flush and close", waitOptions);
    flushes++;
    for (const group of gathered.values()) dispatch(group);
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
