import * as v from "valibot";
import { envelope } from "../../shared/events/envelope.ts";
import { domains, type FunctionName, functionNames } from "../../shared/events/registry.ts";
import { readArguments, runCommand, UsageError } from "../common/command.ts";
import { localOption, readLocalUrl, separateLocalUrl } from "../common/local-url.ts";
import { toPubSubNames } from "../common/pubsub-resources.ts";
import { functionSettings } from "../deploy/function-settings.ts";
import { explainFailure } from "../deploy/gcloud/explain-failure.ts";
import { readTarget } from "../deploy/target.ts";
import { type LogSource, readLogEntries, readSince } from "./log-entries.ts";
import { connect } from "./pubsub.ts";
import { StoredMessages } from "./stored-messages.ts";
import { type Found, isTemporary, toStory } from "./story.ts";

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
  project: { type: "string" },
  region: { type: "string" },
  since: { type: "string", default: "7d" },
  show: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  ...localOption,
} as const;

/** A sending's line, and its message, carry the clocks of two machines. */
const BEFORE_FIRST_LINE_MS = 60_000;
const patience = { local: { quiet: 500, most: 2_000 }, cloud: { quiet: 10_000, most: 30_000 } };

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(separateLocalUrl(args), options, true);
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { project, region } = values;
  const { url, rest } = readLocalUrl(values.local, positionals, { project, region });
  const [eventId, ...more] = rest;
  // It becomes a part of two filters.
  if (eventId === undefined || more.length > 0 || !v.is(envelope.event_id, eventId)) {
    throw new UsageError("one event_id is wanted, of 1 to 128 letters, digits and . _ : -; see --help");
  }
  const since = readSince(values.since);
  const source: LogSource =
    url === undefined ? { kind: "cloud", project: readTarget(values).project } : { kind: "local", url };
  try {
    return await tell(source, eventId, since, values.show);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    console.error(await explainFailure(error, { project: project ?? "", region: region ?? "" }));
    return 2;
  }
}

async function tell(source: LogSource, eventId: string, since: Date, withPayload: boolean): Promise<number> {
  const [lines, pubsub] = await Promise.all([
    readLogEntries(source, since, `jsonPayload.event_id="${eventId}"`, ({ event_id }) => event_id === eventId),
    connect(source),
  ]);
  // Cloud Logging compares without regard to case.
  const entries = lines.filter(({ jsonPayload }) => jsonPayload?.event_id === eventId);
  const stored = new StoredMessages(pubsub, patience[source.kind]);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => stored.end().finally(() => process.exit(2)));
  }
  const looked = await Promise.all(functionNames.map((name) => look(name)));
  pubsub.close();
  const found = looked.flatMap((each) => each.found);
  const story = toStory(entries, found, withPayload);
  const notes = looked.flatMap((each) => each.notes);
  if (story.length === 0)
    story.push(`${eventId}: no sending, no message and no dead letter since ${since.toISOString()}`);
  console.log([...story, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n"));
  return entries.length > 0 || found.length > 0 ? 0 : 1;

  /** What a function's topics have of the event, and what is to be said about it. */
  async function look(name: FunctionName): Promise<{ readonly found: Found[]; readonly notes: string[] }> {
    const { topic, deadLetter } = toPubSubNames(domains[name].topic);
    const own = entries.filter(({ resource }) => resource.labels.service_name === name);
    const { logLevel } = functionSettings[name];
    const isSilent = source.kind === "cloud" && logLevel !== "info" && own.length === 0;
    const accepted = own.flatMap(({ jsonPayload }) =>
      jsonPayload?.message_id ? [String(jsonPayload.message_id)] : [],
    );
    const [subscriptions, others] = await Promise.all([topic, deadLetter].map((id) => pubsub.listSubscriptions(id)));
    const first = Math.min(
      ...own.map(({ timestamp, jsonPayload }) => Date.parse(timestamp) - (Number(jsonPayload?.latency_ms) || 0)),
    );
    // What logs accepted events has a line of every sending: winding back a whole week takes long.
    const from = accepted.length === 0 ? since : new Date(Math.max(first - BEFORE_FIRST_LINE_MS, since.getTime()));
    const [messages, deadLetters] = await Promise.all([
      subscriptions ? stored.find(topic, eventId, from, accepted) : [],
      others ? stored.find(deadLetter, eventId, from) : [],
    ]);
    const missing = accepted.filter((id) => !messages.some(({ messageId }) => messageId === id));
    const copies = messages.filter(({ attributes }) => attributes.redriven === undefined).length;
    const readers = (subscriptions ?? []).filter((id) => !isTemporary.test(id));
    const notes = [
      subscriptions === undefined && `There is no topic ${topic}.`,
      missing.length > 0 && `Accepted, and not found on ${topic}: message ${missing.join(", ")}.`,
      copies > 1 && `${copies} messages are stored under this id: consumers drop what they have seen by its event_id.`,
      messages.length > 0 &&
        `Subscriptions of ${topic}: ${readers.join(", ") || "none"}. Pub/Sub does not tell which of them has acknowledged it.`,
      isSilent &&
        `${name} logs from ${logLevel} on, unless it was deployed otherwise: an event that it accepted or refused leaves no line with ` +
          'its id. How many were refused, by caller and path, its lines "Events refused" say (npm run faults).',
    ];
    const found = [
      { topic, isDeadLetter: false, messages },
      { topic: deadLetter, isDeadLetter: true, messages: deadLetters },
    ];
    return { found: found.filter((each) => each.messages.length > 0), notes: notes.filter((note) => note !== false) };
  }
}

await runCommand(main);
