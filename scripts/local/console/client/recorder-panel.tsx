import { useEffect, useMemo, useState } from "preact/hooks";
import { everything, type Filter, isFiltering, isLane, listRows } from "./filter.ts";
import { FilterBar } from "./filter-bar.tsx";
import { fetchFull } from "./full-record.ts";
import type { Place } from "./place.ts";
import { RowList } from "./row-list.tsx";
import type { Row } from "./rows.ts";
import { sendJson } from "./send.ts";
import type { Entry, Store } from "./store.ts";
import { toZone } from "./time.ts";

const titles = { requests: "Requests", messages: "Messages" } as const;

const SEARCH_DELAY_MS = 150;
/** New records are looked through this often. */
const AGAIN_MS = 1000;

const nothing: ReadonlySet<number> = new Set();

/** Asks the recorder for the records that hold a text where the page does not have it: behind the beginning of a body. */
function useSearch(text: string, store: Store): ReadonlySet<number> {
  const [found, setFound] = useState(nothing);
  useEffect(() => {
    setFound(nothing);
    if (text === "") return;
    let isCurrent = true;
    let from = 0;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      const { newest } = store;
      if (newest >= from) {
        const path = `/console/search?text=${encodeURIComponent(text)}&from=${from}`;
        const response = await fetch(path).catch(() => undefined);
        const numbers = response?.ok ? ((await response.json()) as number[]) : [];
        if (!isCurrent) return;
        if (response?.ok) from = newest + 1;
        if (numbers.length > 0) setFound((before) => new Set([...before, ...numbers]));
      }
      timer = setTimeout(look, AGAIN_MS);
    };
    timer = setTimeout(look, SEARCH_DELAY_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [text, store.hello?.run]);
  return found;
}

/** Records that are asked for at a time: a browser opens no more connections. */
const AT_ONCE = 6;

/** Saves requests as NDJSON: one a line, oldest first, with its answer and what is known of its events. */
async function saveAsNdjson(store: Store, requests: ReadonlySet<number>): Promise<void> {
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

interface Props {
  readonly store: Store;
  readonly filter: Filter;
  readonly onFilter: (part: Partial<Filter>) => void;
  readonly place: Place | undefined;
  readonly onOpen: (place: Place, isEntered: boolean) => void;
}

/** The one list: requests, messages, or a user's events in their order. */
export function RecorderPanel({ store, filter, onFilter, place, onOpen }: Props) {
  // What was paused in an earlier run of the stack is gone with it.
  const run = store.hello?.run;
  const [frozen, setFrozen] = useState<{ readonly run: string | undefined; readonly rows: readonly Row[] }>();
  const isFrozen = frozen?.run === run && frozen !== undefined;
  const found = useSearch(filter.text, store);
  const { rows: live, counts } = useMemo(() => listRows(store, filter, found), [store.version, filter, found]);
  const rows = isFrozen ? frozen.rows : live;
  const isUsers = isLane(store, filter);
  const total = filter.view === "requests" ? store.entries.length : store.messages.length;
  const change = (part: Partial<Filter>) => {
    setFrozen(undefined);
    onFilter(part);
  };
  const clear = () => {
    setFrozen(undefined);
    sendJson("DELETE", "/console/records", "");
  };
  const save = () => saveAsNdjson(store, new Set(rows.map(({ key }) => Number.parseInt(key.slice(1), 10))));

  return (
    <section class="panel column recorder" aria-label="Recorder">
      <div class="row">
        <div class="tabs" role="tablist" aria-label="What the list shows">
          {(["requests", "messages"] as const).map((view) => (
            <button
              key={view}
              type="button"
              role="tab"
              aria-selected={filter.view === view}
              onClick={() => change({ view })}
            >
              {titles[view]}{" "}
              <span class="hint">
                {(view === "requests" ? store.entries.length : store.messages.length).toLocaleString("en")}
              </span>
            </button>
          ))}
        </div>
        <span class="grow" />
        {filter.view === "requests" && (
          <button
            type="button"
            class="quiet wide"
            onClick={save}
            disabled={rows.length === 0}
            title="The requests of this list"
          >
            Export NDJSON
          </button>
        )}
        <button
          type="button"
          class="quiet"
          aria-pressed={isFrozen}
          onClick={() => setFrozen(isFrozen ? undefined : { run, rows: live })}
        >
          {isFrozen ? `Resume (${Math.max(live.length - rows.length, 0).toLocaleString("en")} new)` : "Pause"}
        </button>
        <button type="button" class="quiet" onClick={clear}>
          Clear
        </button>
      </div>
      <FilterBar filter={filter} counts={counts} onFilter={change} />
      <div class="caption">
        <p class="hint cut" role="status">
          {isUsers
            ? `${filter.user}: ${rows.length} events in order of acceptance`
            : isFiltering(filter)
              ? `${rows.length.toLocaleString("en")} of ${total.toLocaleString("en")}`
              : "Newest first"}
          , times in {toZone()}
        </p>
        {isFiltering(filter) && (
          <button type="button" class="quiet" onClick={() => change(everything)}>
            Show all
          </button>
        )}
      </div>
      <div class="frame">
        {rows.length === 0 && <Nothing filter={filter} total={total} />}
        <RowList
          label={isUsers ? "Events in order of acceptance" : `${titles[filter.view]}, newest first`}
          isOneUsers={isUsers}
          rows={rows}
          place={place}
          onOpen={onOpen}
        />
      </div>
    </section>
  );
}

function Nothing({ filter, total }: Pick<Props, "filter"> & { readonly total: number }) {
  if (total > 0) {
    return (
      <div class="nothing column">
        None of {total.toLocaleString("en")} {filter.view} passes the filter.
      </div>
    );
  }
  return (
    <div class="nothing column">
      <p>Nothing yet. Send an event from here, or call {location.origin}/events/ingest from anywhere else.</p>
      <p class="hint">Every request is kept here, refused ones too, and each message that reaches a topic.</p>
    </div>
  );
}
