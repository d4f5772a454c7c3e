import type { Client, Sender, SenderOptions, SendResult } from "./api.ts";
import { ANSWERED, type Attempt } from "./attempt.ts";
import { Courier } from "./courier.ts";
import { Outbox } from "./outbox.ts";
import { makeSender } from "./sender.ts";

/**
 * Makes a sender, which gathers events that are sent one by one into batches: a request is most of what an event costs.
 *
 * @param client sends them: of `createClient`, or whatever has its `send` and `sendAll`
 * @throws TypeError for options that are none
 */
export function createSender(client: Client, options?: SenderOptions): Sender {
  if (client?.sender) return client.sender(options);
  if (typeof client?.sendAll !== "function") throw new TypeError("createSender needs a client, with send and sendAll.");
  // Its own client limits its time.
  return makeSender(new Outbox(sendThrough(client)), new Courier({ timeoutMs: Number.POSITIVE_INFINITY }), options);
}

function sendThrough(client: Client): Attempt {
  return async (entries) => {
    let results: readonly SendResult[] = [];
    try {
      results = await client.sendAll(entries.map(({ text }) => JSON.parse(text)));
    } catch (cause) {
      for (const entry of entries) entry.cause = cause;
    }
    entries.forEach((entry, i) => {
      const result = results?.[i];
      if (result) entry.settle(result);
      else entry.giveUp("its client has no result");
    });
    return ANSWERED;
  };
}
