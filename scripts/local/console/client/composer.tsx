import { useMemo, useState } from "preact/hooks";
import type { Domain } from "../../../../shared/events/domain.ts";
import { domains } from "../../../../shared/events/registry.ts";
import { AnswerView } from "./answer-view.tsx";
import { checkEvent } from "./check-event.ts";
import { JsonEditor } from "./json-editor.tsx";
import { type Answer, sendJson } from "./send.ts";

/** As many as a batch may hold. */
const MOST_IN_BATCH = 1000;

const all: readonly Domain[] = Object.values(domains);
const events = new Map(all.flatMap((domain) => Object.values(domain.events).map((event) => [event.type, event])));

/** @returns the sample of an event type as text for the editor */
export function toSampleText(type: string): string {
  return JSON.stringify(events.get(type)?.sample ?? {}, null, 2);
}

interface Props {
  readonly text: string;
  readonly onText: (text: string) => void;
}

/** Where an event is chosen, edited and sent. */
export function Composer({ text, onText }: Props) {
  const [type, setType] = useState("cart.abandoned");
  const [copies, setCopies] = useState(10);
  const [answer, setAnswer] = useState<Answer>();
  const [isSending, setSending] = useState(false);
  const faults = useMemo(() => checkEvent(text), [text]);

  const send = async (path: string, body: string) => {
    setSending(true);
    setAnswer(await sendJson("POST", path, body));
    setSending(false);
  };
  const sendOne = () => send("/events/ingest", text);
  // The same text as often as wanted: each copy gets an event_id of its own, unless the text has one.
  const sendBatch = () => send("/events/batch", `[${Array(copies).fill(text).join(",")}]`);
  const choose = (chosen: string) => {
    setType(chosen);
    onText(toSampleText(chosen));
  };

  return (
    <section class="panel composer" aria-labelledby="composer-title">
      <h2 id="composer-title">Send an event</h2>
      <div class="row">
        <label class="grow">
          Event type
          <select value={type} onChange={({ currentTarget }) => choose(currentTarget.value)}>
            {all.map((domain) => (
              <optgroup key={domain.name} label={domain.name}>
                {Object.keys(domain.events).map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => choose(type)}>
          Reset
        </button>
      </div>
      <p class="hint">{events.get(type)?.description}</p>
      <JsonEditor text={text} onChange={onText} onSubmit={sendOne} />
      <ul class="faults" aria-label="Faults of the event" aria-live="polite">
        {faults.map(({ path, message }) => (
          <li key={path + message}>
            {path && <code>{path}</code>} {message}
          </li>
        ))}
      </ul>
      <div class="row">
        <button type="button" class="primary" onClick={sendOne} title="Ctrl-Enter in the editor" disabled={isSending}>
          Send
        </button>
        <span class="grow" />
        <button type="button" onClick={sendBatch} disabled={isSending}>
          Send as batch of
        </button>
        <input
          type="number"
          aria-label="Events in the batch"
          min={1}
          max={MOST_IN_BATCH}
          value={copies}
          onInput={({ currentTarget }) => setCopies(Math.min(currentTarget.valueAsNumber || 1, MOST_IN_BATCH))}
        />
      </div>
      <AnswerView answer={answer} isSending={isSending} />
    </section>
  );
}
