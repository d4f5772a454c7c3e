import * as v from "valibot";
import { envelope } from "../../shared/events/envelope.ts";
import { domains, type FunctionName, functionNames } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";
import { toPubSubNames } from "../common/pubsub-resources.ts";
import { functionSettings } from "../deploy/function-settings.ts";
import { readTarget } from "../deploy/target.ts";
import { findMessages } from "./find-messages.ts";
import { readLogEntries, readSince } from "./log-entries.ts";
import { connect, deferEnd, runOnSource, sourceOptions } from "./source.ts";
import { toArrival, toStory } from "./story.ts";

const usage = `Usage: npm run where -- EVENT_ID --project P --region R [--since 7d] [--show]
       npm run where -- EVENT_ID --local [URL] [--since 7d] [--show]

Tells what became of an event: its sendings, as the functions' logs have them, its messages, and its dead letters. It reads the
topics by temporary subscriptions, which no other subscription notices.

  --project P    id of the Google Cloud project
  --region R     where the functions run
  --local [URL]  the local stack instead (default: http://localhost:8000), which keeps messages for ten minutes
  --since T      how far to look back, such as 7d, 12h, 30m (default: 7d, which is as long as topics keep messages)
  --show         print what the messages hold, too
  --help         print this

Exit code: 0 found, 1 nowhere within that time, 2 it could not be found out.
`;

const options = {
  region: { type: "string" },
  since: { type: "string", default: "7d" },
  show: { type: "boolean", default: false },
  ...sourceOptions,
} as const;

/** A sending's line, and its message, carry the clocks of two machines. */
const BEFORE_FIRST_LINE_MS = 60_000;
const quiet = { local: 500, cloud: 10_000 };

await runOnSource(usage, options, async (source, { region, since: window, show }, [eventId = "", ...rest]) => {
  // It becomes a part of two filters.
  if (rest.length > 0 || !v.is(envelope.event_id, eventId)) {
    throw new UsageError("one event_id is wanted, of 1 to 128 letters, digits and . _ : -; see --help");
  }
  const since = readSince(window);
  if (source.kind === "cloud") readTarget({ ...source, region });
  const [entries, pubsub] = await Promise.all([
    // Cloud Logging compares without regard to case.
    readLogEntries(source, since, `jsonPayload.event_id="${eventId}"`, ({ event_id }) => event_id === eventId),
    connect(source),
  ]);
  const ending = deferEnd();
  const looked = await Promise.all(functionNames.map(look));
  if (ending.aborted) return 2;
  const found = looked.flatMap((each) => each.found);
  const isFound = entries.length > 0 || found.length > 0;
  const nothing = `${eventId}: no sending, no message and no dead letter since ${since.toISOString()}`;
  const notes = looked.flatMap((each) => each.notes).filter((note) => note !== false);
  console.log([...(isFound ? toStory(entries, found, show) : [nothing]), "", ...notes].join("\n").trimEnd());
  return isFound ? 0 : 1;

  /** What a function's topics have of the event, and what is to be said about it. */
  async function look(name: FunctionName) {
    const { topic, deadLetter } = toPubSubNames(domains[name].topic);
    const own = entries.filter(({ resource }) => resource.labels.service_name === name);
    const ids = own.flatMap(({ jsonPayload }) => (jsonPayload?.message_id ? [String(jsonPayload.message_id)] : []));
    // What logs accepted events has a line of every sending: winding back a whole week takes long.
    const first = ids.length === 0 ? 0 : Math.min(...own.map(toArrival)) - BEFORE_FIRST_LINE_MS;
    const from = new Date(Math.max(first, since.getTime()));
    const search = { eventId, since: from, quietMs: quiet[source.kind], ending };
    const [{ messages, readers }, { messages: deadLetters }] = await Promise.all([
      findMessages(pubsub, topic, search, ids),
      findMessages(pubsub, deadLetter, search),
    ]);
    const missing = ids.filter((id) => !messages.some(({ messageId }) => messageId === id));
    const copies = messages.filter(({ attributes }) => attributes.redriven === undefined).length;
    const { logLevel } = functionSettings[name];
    return {
      found: [...messages, ...deadLetters],
      notes: [
        readers === undefined && `There is no topic ${topic}.`,
        missing.length > 0 && `Accepted, and not found on ${topic}: message ${missing.join(", ")}.`,
        copies > 1 &&
          `${copies} messages are stored under this id: consumers drop what they have seen by its event_id.`,
        messages.length > 0 &&
          `Subscriptions of ${topic}: ${readers?.join(", ") || "none"}. Pub/Sub does not tell which of them has acknowledged it.`,
        source.kind === "cloud" &&
          logLevel !== "info" &&
          own.length === 0 &&
          `${name} logs from ${logLevel} on, unless it was deployed otherwise: an event that it accepted or refused leaves no line ` +
            'with its id. How many were refused, by caller and path, its lines "Events refused" say (npm run faults).',
      ],
    };
  }
});
