import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ConsoleMessage } from "../protocol.ts";

/** As in style.css. */
const ROW_HEIGHT = 32;
/** Rows drawn beyond what is visible, so that scrolling does not run into white. */
const MARGIN_ROWS = 8;

interface Props {
  /** Newest first. */
  readonly messages: readonly ConsoleMessage[];
  readonly selected: number | undefined;
  readonly onSelect: (seq: number) => void;
}

/** The messages as a list of which only the visible rows are in the document, however many there are. */
export function MessageList({ messages, selected, onSelect }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const newest = useRef<number>(undefined);
  const index = messages.findIndex(({ seq }) => seq === selected);

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
    const added = messages.findIndex(({ seq }) => seq === newest.current);
    if (added > 0 && element.scrollTop > 0) element.scrollTop += added * ROW_HEIGHT;
    newest.current = messages[0]?.seq;
  }, [messages]);

  const move = (event: KeyboardEvent) => {
    const page = Math.max(Math.floor(view.height / ROW_HEIGHT) - 1, 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: messages.length - 1,
    };
    const step = steps[event.key];
    if (step === undefined || messages.length === 0) return;
    event.preventDefault();
    const next = Math.min(Math.max(step, 0), messages.length - 1);
    onSelect((messages[next] as ConsoleMessage).seq);
    const element = list.current as HTMLElement;
    const top = next * ROW_HEIGHT;
    element.scrollTop = Math.min(Math.max(element.scrollTop, top + ROW_HEIGHT - element.clientHeight), top);
  };

  const first = Math.max(Math.floor(view.top / ROW_HEIGHT) - MARGIN_ROWS, 0);
  const last = Math.ceil((view.top + view.height) / ROW_HEIGHT) + MARGIN_ROWS;
  return (
    <div
      class="list"
      ref={list}
      role="listbox"
      tabIndex={0}
      aria-label="Messages, newest first"
      aria-activedescendant={index >= first && index < last ? `message-${selected}` : undefined}
      onScroll={read}
      onKeyDown={move}
    >
      <div class="extent" role="presentation" style={{ height: `${messages.length * ROW_HEIGHT}px` }}>
        {messages.slice(first, last).map((message, offset) => (
          <Row
            key={message.seq}
            message={message}
            place={first + offset}
            total={messages.length}
            isSelected={message.seq === selected}
            onSelect={onSelect}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  readonly message: ConsoleMessage;
  readonly place: number;
  readonly total: number;
  readonly isSelected: boolean;
  readonly onSelect: (seq: number) => void;
}

function Row({ message, place, total, isSelected, onSelect }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus, and the keys
    // biome-ignore lint/a11y/useFocusableInteractive: as above, by aria-activedescendant
    <div
      class={`message ${message.function}`}
      id={`message-${message.seq}`}
      role="option"
      aria-selected={isSelected}
      aria-posinset={place + 1}
      aria-setsize={total}
      style={{ top: `${place * ROW_HEIGHT}px` }}
      onClick={() => onSelect(message.seq)}
    >
      <span class="time">{new Date(message.publishTime).toISOString().slice(11, 23)}</span>
      <span class="type">{message.attributes.event_type ?? "—"}</span>
      <span class="key">{message.orderingKey}</span>
      <span class="body">{toPreview(message.body)}</span>
    </div>
  );
}

/** What distinguishes one event from the next stands in its payload, behind what the row shows anyway. */
function toPreview(body: string): string {
  const payload = body.indexOf('"payload"');
  return body.slice(Math.max(payload, 0), Math.max(payload, 0) + 300);
}
