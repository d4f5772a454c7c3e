import { fetchFull } from "./full-record.ts";
import type { Entry, Store } from "./store.ts";

/** Records that are asked for at a time: a browser opens no more connections. */
const AT_ONCE = 6;

/** Saves requests as NDJSON: one a line, oldest first, with its answer and what is known of its events. */
export async function saveAsNdjson(store: Store, requests: ReadonlySet<number>): Promise<void> {
  const lines: string[] = [];
  const entries = store.entries.filter(({ request }) => requests.has(request.request));
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    lines.push(...(await Promise.all(entries.slice(start, start + AT_ONCE).map((entry) => toLine(store, entry)))));
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "application/x-ndjson" }));
  link.download = `pulsecart-${new Date().toISOString().replaceAll(":", "-")}.ndjson`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function toLine(store: Store, entry: Entry): Promise<string> {
  const request = await fetchFull(entry.request);
  const answer = entry.answer && (await fetchFull(entry.answer));
  const ids = new Set([...request.events, ...(answer?.outcomes ?? [])].map(({ id }) => id).filter(Boolean));
  const stories = [...ids].flatMap((id) => store.storyOf(id) ?? []);
  const events = stories.map(async ({ id, attempts, messages }) => ({
    id,
    attempts,
    messages: await Promise.all(messages.map(fetchFull)),
  }));
  return JSON.stringify({ request, answer, events: await Promise.all(events) });
}
