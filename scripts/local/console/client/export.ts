import { fetchFull } from "./full-record.ts";
import type { Store } from "./store.ts";

/** Saves requests as NDJSON: one a line, oldest first, with its answer and what is known of its events. */
export async function saveAsNdjson(store: Store, requests: ReadonlySet<number>): Promise<void> {
  const lines: string[] = [];
  for (const entry of store.entries.filter(({ request }) => requests.has(request.request))) {
    const request = await fetchFull(entry.request);
    const answer = entry.answer && (await fetchFull(entry.answer));
    const ids = new Set([...request.events, ...(answer?.outcomes ?? [])].map(({ id }) => id).filter(Boolean));
    const stories = [...ids].flatMap((id) => store.storyOf(id) ?? []);
    const events = stories.map(({ id, attempts, messages }) => ({ id, attempts: [...attempts.values()], messages }));
    lines.push(JSON.stringify({ request, answer, events }));
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "application/x-ndjson" }));
  link.download = `pulsecart-${new Date().toISOString().replaceAll(":", "-")}.ndjson`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
