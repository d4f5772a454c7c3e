import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "../events/limits.ts";
import type { Client, ClientOptions } from "./api.ts";
import { ANSWERED, type Attempt, createAttempt } from "./attempt.ts";
import { Courier, type Way } from "./courier.ts";
import type { Entry } from "./entry.ts";
import { checkOptions, readFunctionUrls, readHeaders } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { makeSender } from "./sender.ts";

/**
 * Makes a client. Keep one for the whole process: a user's events are in order within one client.
 *
 * @throws TypeError for a missing URL, or for an option that is none
 */
export function createClient(options: ClientOptions): Client {
  if (options === undefined) throw new TypeError("createClient needs urls, or a baseUrl.");
  checkOptions("createClient", options);
  const isEnabled = options.enabled ?? true;
  if (!isEnabled) console.error("@pulsecart/events is not enabled: no event is sent.");
  const urls = isEnabled ? readFunctionUrls(options) : undefined;
  const attempt = isEnabled ? createAttempt({ ...options, headers: readHeaders(options.headers) }) : acceptAll;
  const outbox = new Outbox(attempt, options);
  const courier = new Courier({ ...options, urls });
  const submit = (entry: Entry) => outbox.submit(entry, false);
  const alone: Way = { submit, limits: { events: 1, bytes: 0 }, countsFrom: "call" };
  const limits = { events: MAX_BATCH_EVENTS, bytes: MAX_BATCH_BYTES };
  const together: Way = { submit, limits, countsFrom: "first attempt" };
  return {
    send: (event, sendOptions) => courier.send(event, alone, sendOptions),
    sendAll: async (events, sendOptions) => Promise.all(courier.take(events, together, sendOptions)),
    sender: (senderOptions) => makeSender(outbox, courier, senderOptions),
  };
}

/** In the place of attempts where nothing is to be sent. */
const acceptAll: Attempt = async (entries) => {
  for (const entry of entries) entry.settle({ event_id: entry.eventId, message_id: "disabled" });
  return ANSWERED;
};
