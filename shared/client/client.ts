import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "../events/limits.ts";
import type { Client, ClientOptions, SendResult } from "./api.ts";
import { createAttempt } from "./attempt.ts";
import { type BatchLimits, type Entry, toAccepted } from "./entry.ts";
import { AbortError } from "./errors.ts";
import { readFunctionUrls } from "./function-urls.ts";
import { type Internals, setInternals } from "./internals.ts";
import { limitTime } from "./limit-time.ts";
import { Outbox } from "./outbox.ts";
import { toEntry } from "./to-entry.ts";

const TIMEOUT_MS = 60_000;
const BATCH_LIMITS: BatchLimits = { events: MAX_BATCH_EVENTS, bytes: MAX_BATCH_BYTES };

/**
 * Makes a client. Keep one for the whole process: a user's events are in order within one client.
 *
 * @throws TypeError for a missing URL, or what is none
 */
export function createClient(options: ClientOptions): Client {
  const urls = readFunctionUrls(options);
  const outbox = new Outbox(createAttempt(urls, options));
  const begin: Internals["begin"] = (events, limits, { signal, timeoutMs } = {}) => {
    const entries = events.map((event) => toEntry(event, urls, limits));
    limitTime(entries, timeoutMs ?? options.timeoutMs ?? TIMEOUT_MS, signal);
    return entries;
  };
  const client: Client = {
    async send(event, sendOptions) {
      const [entry] = begin([event], undefined, sendOptions) as [Entry];
      outbox.submit([entry]);
      return toAccepted(entry);
    },
    async sendAll(events, sendOptions) {
      const entries = begin(events, BATCH_LIMITS, sendOptions);
      // A user's events for one function come behind each other, and so into one batch.
      for (const name of urls.keys()) outbox.submit(entries.filter(({ target }) => target === name));
      return Promise.all(entries.map(toResult));
    },
  };
  setInternals(client, { begin, submit: (entries) => outbox.submit(entries) });
  return client;
}

async function toResult({ outcome }: Entry): Promise<SendResult> {
  const known = await outcome;
  if (!("error" in known)) return known;
  if (known.error instanceof AbortError) throw known.error;
  return { error: known.error };
}
