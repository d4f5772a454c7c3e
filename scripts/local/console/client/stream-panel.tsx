import { useMemo, useState } from "preact/hooks";
import type { ConsoleMessage } from "../protocol.ts";
import { applyFilter, noFilter } from "./filter.ts";
import { FilterBar } from "./filter-bar.tsx";
import { MessageDetail } from "./message-detail.tsx";
import { MessageList } from "./message-list.tsx";
import { prettyJson } from "./pretty-json.ts";
import { sendJson } from "./send.ts";
import type { Store } from "./store.ts";

interface Props {
  readonly store: Store;
  /** Takes a message's body to the editor. */
  readonly onEdit: (text: string) => void;
}

/** The live stream of what arrives on the topics. */
export function StreamPanel({ store, onEdit }: Props) {
  const [filter, setFilter] = useState(noFilter);
  const [frozen, setFrozen] = useState<readonly ConsoleMessage[]>();
  const [selected, setSelected] = useState<number>();
  const [replayed, setReplayed] = useState("");
  const source = frozen ?? store.messages;
  const shown = useMemo(() => applyFilter(source, filter), [source, filter]);
  const message = source.find(({ seq }) => seq === selected);

  const clear = () => {
    store.clear();
    setSelected(undefined);
    if (frozen) setFrozen([]);
  };
  // The event as it arrived, its event_id with it: to consumers it is the same event once more.
  const replay = async ({ body }: ConsoleMessage) => {
    setReplayed("");
    const { status, ms } = await sendJson("POST", "/events/ingest", body);
    setReplayed(`Replayed: ${status || "no answer"}, ${ms.toFixed(1)} ms`);
  };

  return (
    <section class="panel stream" aria-labelledby="stream-title">
      <div class="row">
        <h2 id="stream-title">Arrived on the topics</h2>
        <span class="hint grow" role="status">
          {replayed || toSummary(shown.length, source.length, store.skipped)}
        </span>
        <button
          type="button"
          aria-pressed={frozen !== undefined}
          onClick={() => setFrozen(frozen ? undefined : source)}
        >
          {frozen ? `Resume (${countNewer(store.messages, frozen)} new)` : "Pause"}
        </button>
        <button type="button" onClick={clear}>
          Clear
        </button>
      </div>
      <FilterBar filter={filter} onFilter={setFilter} />
      {source.length === 0 && (
        <p class="hint empty">Nothing yet. Send an event, or call the front from anywhere else.</p>
      )}
      <MessageList messages={shown} selected={selected} onSelect={setSelected} />
      {message && (
        <MessageDetail
          message={message}
          onReplay={replay}
          onEdit={({ body }) => onEdit(prettyJson(body))}
          onClose={() => setSelected(undefined)}
        />
      )}
    </section>
  );
}

function toSummary(shown: number, all: number, skipped: number): string {
  const count = shown === all ? `${all.toLocaleString("en")} kept` : `${shown} of ${all}`;
  return skipped === 0 ? count : `${count}, ${skipped.toLocaleString("en")} skipped`;
}

function countNewer(messages: readonly ConsoleMessage[], frozen: readonly ConsoleMessage[]): number {
  const last = frozen.at(-1)?.seq ?? 0;
  return messages.filter(({ seq }) => seq > last).length;
}
