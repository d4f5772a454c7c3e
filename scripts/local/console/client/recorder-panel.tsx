import { useMemo, useState } from "preact/hooks";
import { saveAsNdjson } from "./export.ts";
import { everything, type Filter, isFiltering, isLane, listRows } from "./filter.ts";
import { FilterBar } from "./filter-bar.tsx";
import type { Place } from "./place.ts";
import { RowList } from "./row-list.tsx";
import type { Row } from "./rows.ts";
import { sendJson } from "./send.ts";
import type { Store } from "./store.ts";
import { toZone } from "./time.ts";
import { useSearch } from "./use-search.ts";

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
    <section class="panel recorder" aria-label="Recorder">
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
              {view === "requests" ? "Requests" : "Messages"}{" "}
              <span class="number">
                {(view === "requests" ? store.entries.length : store.messages.length).toLocaleString("en")}
              </span>
            </button>
          ))}
        </div>
        <span class="grow" />
        {filter.view === "requests" && (
          <button
            type="button"
            class="quiet export"
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
        <p class="hint" role="status">
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
        {rows.length === 0 && <Nothing filter={filter} total={total} onFilter={change} />}
        <RowList
          label={
            isUsers
              ? "Events in order of acceptance"
              : `${filter.view === "requests" ? "Requests" : "Messages"}, newest first`
          }
          isOneUsers={isUsers}
          rows={rows}
          place={place}
          onOpen={onOpen}
        />
      </div>
    </section>
  );
}

function Nothing({ filter, total, onFilter }: Pick<Props, "filter" | "onFilter"> & { readonly total: number }) {
  if (total > 0) {
    return (
      <div class="nothing">
        <p>
          None of {total.toLocaleString("en")} {filter.view} passes the filter.
        </p>
        <button type="button" onClick={() => onFilter(everything)}>
          Show all
        </button>
      </div>
    );
  }
  return (
    <div class="nothing">
      <p>Nothing yet. Send an event from here, or call {location.origin}/events/ingest from anywhere else.</p>
      <p class="hint">Every request is kept here, refused ones too, and each message that reaches a topic.</p>
    </div>
  );
}
