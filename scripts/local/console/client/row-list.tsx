import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { toColour } from "./functions.ts";
import { SLOW_MS } from "./marks.ts";
import { type Place, toHash } from "./place.ts";
import { type Row, toPreview } from "./rows.ts";
import { toDuration, toTime } from "./time.ts";

/** Of a row, two lines. */
const HEIGHT = 48;
/** Rows drawn beyond what is visible, so that scrolling does not run into white. */
const MARGIN_ROWS = 8;

interface Props {
  readonly label: string;
  /** Whether all of them are one user's. */
  readonly isOneUsers: boolean;
  readonly rows: readonly Row[];
  readonly place: Place | undefined;
  /** @param isEntered whether the reader wants to go there, not only to see it */
  readonly onOpen: (place: Place, isEntered: boolean) => void;
}

/** A list of which only the visible rows are in the document, however many there are. */
export function RowList({ label, isOneUsers, rows, place, onOpen }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [cursor, setCursor] = useState<string>();
  const newest = useRef<string>(undefined);
  const opened = place && toHash(place);
  const at = rows.findIndex(({ key }) => key === cursor);

  const read = () => {
    const { scrollTop, clientHeight } = list.current as HTMLElement;
    setView({ top: scrollTop, height: clientHeight });
  };

  useLayoutEffect(() => {
    const observer = new ResizeObserver(read);
    observer.observe(list.current as HTMLElement);
    return () => observer.disconnect();
  }, []);

  // Whoever has scrolled down is reading: what they read stays where it is when newer rows come in above.
  useLayoutEffect(() => {
    const element = list.current as HTMLElement;
    const added = rows.findIndex(({ key }) => key === newest.current);
    if (added > 0 && element.scrollTop > 0) element.scrollTop += added * HEIGHT;
    newest.current = rows[0]?.key;
  }, [rows]);

  const move = (event: KeyboardEvent) => {
    const row = rows[at];
    if (event.key === "Enter" && row) {
      event.preventDefault();
      onOpen(row.place, true);
      return;
    }
    const page = Math.max(Math.floor(view.height / HEIGHT) - 1, 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    };
    const step = steps[event.key];
    if (step === undefined || rows.length === 0) return;
    event.preventDefault();
    const next = Math.min(Math.max(step, 0), rows.length - 1);
    const { key, place: nextPlace } = rows[next] as Row;
    setCursor(key);
    if (place) onOpen(nextPlace, false);
    const element = list.current as HTMLElement;
    const top = next * HEIGHT;
    element.scrollTop = Math.min(Math.max(element.scrollTop, top + HEIGHT - element.clientHeight), top);
  };

  const first = Math.max(Math.floor(view.top / HEIGHT) - MARGIN_ROWS, 0);
  const last = Math.ceil((view.top + view.height) / HEIGHT) + MARGIN_ROWS;
  return (
    <div
      class={isOneUsers ? "list sendings" : "list"}
      ref={list}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={at >= first && at < last ? `row-${cursor}` : undefined}
      onScroll={read}
      onKeyDown={move}
    >
      <div role="presentation" style={{ height: `${rows.length * HEIGHT}px` }}>
        {rows.slice(first, last).map((row, offset) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus, and the keys
          // biome-ignore lint/a11y/useFocusableInteractive: as above, by aria-activedescendant
          <div
            key={row.key}
            class={row.key === cursor ? "line cursor" : "line"}
            id={`row-${row.key}`}
            role="option"
            aria-selected={toHash(row.place) === opened}
            aria-posinset={first + offset + 1}
            aria-setsize={rows.length}
            style={{ top: `${(first + offset) * HEIGHT}px`, height: `${HEIGHT}px`, ...toColour(row.function) }}
            onClick={() => {
              setCursor(row.key);
              onOpen(row.place, true);
            }}
          >
            <Line row={row} />
          </div>
        ))}
      </div>
    </div>
  );
}

function Line({ row }: { readonly row: Row }) {
  return (
    <>
      <span class="time mono">{toTime(row.at)}</span>
      <span class="type">{row.title}</span>
      <span class="user mono">{row.user}</span>
      <span class="outcome">
        <span class={`state ${row.state.replace(" ", "-")}`}>{row.label}</span>
        {row.isWrong && <span class="state failed">out of order</span>}
      </span>
      <span class="more">
        <span class="notes">
          {row.notes.map(({ text, isLoud }) => (
            <span key={text} class={isLoud ? "loud" : ""}>
              {text}
            </span>
          ))}
        </span>
        {row.ms !== undefined && <span class={row.ms >= SLOW_MS ? "took loud" : "took"}>{toDuration(row.ms)}</span>}
        <span class="caller">{row.caller && `from ${row.caller}`}</span>
        <span class="id mono">{row.id}</span>
        <span class="preview mono">{toPreview(row.body)}</span>
      </span>
    </>
  );
}
