import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { toColour } from "./functions.ts";
import { SLOW_MS } from "./marks.ts";
import { type Place, toHash } from "./place.ts";
import { type Row, toPreview } from "./rows.ts";
import { toDuration, toTime } from "./time.ts";

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
  const [view, setView] = useState({ top: 0, height: 600, row: 48 });
  const [cursor, setCursor] = useState<string>();
  const newest = useRef<string>(undefined);
  const opened = place && toHash(place);
  const at = rows.findIndex(({ key }) => key === cursor);

  const read = () => {
    const { scrollTop, clientHeight } = list.current as HTMLElement;
    const row = Number.parseFloat(getComputedStyle(list.current as HTMLElement).getPropertyValue("--row")) || 48;
    setView({ top: scrollTop, height: clientHeight, row });
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
    if (added > 0 && element.scrollTop > 0) element.scrollTop += added * view.row;
    newest.current = rows[0]?.key;
  }, [rows]);

  const move = (event: KeyboardEvent) => {
    const row = rows[at];
    if (event.key === "Enter" && row) {
      event.preventDefault();
      onOpen(row.place, true);
      return;
    }
    const page = Math.max(Math.floor(view.height / view.row) - 1, 1);
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
    const top = next * view.row;
    element.scrollTop = Math.min(Math.max(element.scrollTop, top + view.row - element.clientHeight), top);
  };

  const first = Math.max(Math.floor(view.top / view.row) - MARGIN_ROWS, 0);
  const last = Math.ceil((view.top + view.height) / view.row) + MARGIN_ROWS;
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
      <div class="extent" role="presentation" style={{ height: `${rows.length * view.row}px` }}>
        {rows.slice(first, last).map((row, offset) => (
          <Line
            key={row.key}
            row={row}
            index={first + offset}
            total={rows.length}
            height={view.row}
            isCursor={row.key === cursor}
            isOpen={toHash(row.place) === opened}
            onOpen={() => {
              setCursor(row.key);
              onOpen(row.place, true);
            }}
          />
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: Row;
  readonly index: number;
  readonly total: number;
  readonly height: number;
  readonly isCursor: boolean;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
}

function Line({ row, index, total, height, isCursor, isOpen, onOpen }: LineProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus, and the keys
    // biome-ignore lint/a11y/useFocusableInteractive: as above, by aria-activedescendant
    <div
      class={isCursor ? "line cursor" : "line"}
      id={`row-${row.key}`}
      role="option"
      aria-selected={isOpen}
      aria-posinset={index + 1}
      aria-setsize={total}
      style={{ top: `${index * height}px`, ...toColour(row.function) }}
      onClick={onOpen}
    >
      <span class="time">{toTime(row.at)}</span>
      <span class="type">{row.title}</span>
      <span class="user">{row.user}</span>
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
        <span class="id">{row.id}</span>
        <span class="preview">{toPreview(row.body)}</span>
      </span>
    </div>
  );
}
