import type { Client, Sender, SenderOptions } from "./api.ts";
import { type Entry, toAccepted } from "./entry.ts";
import type { FunctionName } from "./events.ts";
import { getInternals } from "./internals.ts";

/** Events of one function that wait for company. */
interface Gathered {
  entries: Entry[];
  bytes: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Makes a sender, which gathers events that are sent one by one into batches: a request is most of what an event costs.
 *
 * @param client sends them; a user's events are in order among those of one sender
 */
export function createSender(client: Client, options: SenderOptions = {}): Sender {
  const { maxDelayMs = 50, maxEvents = 100, maxBytes = 1024 * 1024, maxPending = 1000 } = options;
  const { begin, submit } = getInternals(client);
  const limits = { events: maxEvents, bytes: maxBytes };
  const gathered = new Map<FunctionName, Gathered>();
  /** Without an outcome, in order of their coming; the first `maxPending` of them are under way. */
  const open = new Set<Entry>();
  const line = new Set<Entry>();
  const readiness = new Set<() => void>();
  let flushes = 0;
  let isClosed = false;

  function admit(): void {
    for (const entry of line) {
      if (open.size - line.size >= maxPending) break;
      line.delete(entry);
      gather(entry);
    }
    if (flushes > 0) dispatchAll();
    if (open.size >= maxPending) return;
    for (const resolve of readiness) resolve();
    readiness.clear();
  }

  function gather(entry: Entry): void {
    if (!entry.target) return;
    const group = gathered.get(entry.target) ?? { entries: [], bytes: 0, timer: undefined };
    gathered.set(entry.target, group);
    group.entries.push(entry);
    group.bytes += entry.body.length;
    if (group.entries.length >= limits.events || group.bytes >= limits.bytes) dispatch(group);
    else group.timer ??= setTimeout(dispatch, maxDelayMs, group);
  }

  function dispatch(group: Gathered): void {
    clearTimeout(group.timer);
    const { entries } = group;
    Object.assign(group, { entries: [], bytes: 0, timer: undefined } satisfies Gathered);
    submit(entries);
  }

  function dispatchAll(): void {
    for (const group of gathered.values()) dispatch(group);
  }

  async function flush(): Promise<void> {
    flushes++;
    dispatchAll();
    await Promise.all([...open].map(({ outcome }) => outcome));
    flushes--;
  }

  return {
    async send(event, sendOptions) {
      if (isClosed) throw new Error("The sender is closed.");
      const [entry] = begin([event], limits, sendOptions) as [Entry];
      open.add(entry);
      line.add(entry);
      void entry.outcome.then(() => {
        open.delete(entry);
        line.delete(entry);
        admit();
      });
      admit();
      return toAccepted(entry);
    },
    async ready() {
      if (open.size >= maxPending) await new Promise<void>((resolve) => readiness.add(resolve));
    },
    flush,
    async close() {
      isClosed = true;
      await flush();
    },
  };
}
