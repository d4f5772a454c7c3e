import { useMemo, useState } from "preact/hooks";
import { findEvent } from "../../../../shared/events/registry.ts";
import type { NamedFault } from "../protocol.ts";
import { AnswerView } from "./answer-view.tsx";
import { type Draft, readType, toBatch, toSampleText } from "./draft.ts";
import { FaultItems } from "./fault-list.tsx";
import { functions } from "./functions.ts";
import { JsonEditor } from "./json-editor.tsx";
import { type Answer, parseObject, readFaults, sendJson } from "./send.ts";
import { useCheck } from "./use-check.ts";

/** As many as a batch may hold. */
const MOST_IN_BATCH = 1000;

const none: readonly NamedFault[] = [];

interface Props {
  readonly draft: Draft;
  /** Names the run of the stack. */
  readonly run: string | undefined;
  readonly onDraft: (draft: Draft) => void;
}

/** Where an event or a batch is written and sent. */
export function Composer({ draft, run, onDraft }: Props) {
  const { text, idempotencyKey, traceparent, copies, users } = draft;
  const [received, setReceived] = useState<{ readonly answer: Answer; readonly sent: string }>();
  const [isSending, setSending] = useState(false);
  const faults = useCheck(text, run);
  // What the answer said is of what was sent, not of what was written since.
  const answered = useMemo(() => (received?.sent === text ? listFaults(received.answer.body) : none), [received, text]);
  // A batch's answer is long; it is not drawn anew with each key.
  const answerView = useMemo(
    () => <AnswerView answer={received?.answer} isSending={isSending} />,
    [received, isSending],
  );
  const set = (part: Partial<Draft>) => onDraft({ ...draft, ...part });
  const isArray = text.trimStart().startsWith("[");
  const type = readType(text);

  const send = async (path: string, body: string) => {
    const headers = {
      ...(idempotencyKey && { "Idempotency-Key": idempotencyKey }),
      ...(traceparent && { traceparent }),
    };
    setSending(true);
    setReceived({ answer: await sendJson("POST", path, body, headers), sent: text });
    setSending(false);
  };
  const sendText = () => send(isArray ? "/events/batch" : "/events/ingest", text);
  const toCount = (value: number) => Math.min(Math.max(Math.trunc(value) || 1, 1), MOST_IN_BATCH);

  return (
    <section class="panel composer" aria-labelledby="composer-title">
      <div class="row">
        <h2 id="composer-title">Send</h2>
        <span class="grow" />
        <select
          aria-label="Event type"
          value={type}
          onChange={({ currentTarget }) => set({ text: toSampleText(currentTarget.value) })}
        >
          {type === "" && <option value="">{isArray ? "a batch" : "none of ours"}</option>}
          {functions.map((domain) => (
            <optgroup key={domain.name} label={domain.name}>
              {Object.keys(domain.events).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </optgroup>
          ))}
        </select>
        <button type="button" class="quiet" disabled={type === ""} onClick={() => set({ text: toSampleText(type) })}>
          Reset
        </button>
      </div>
      <p class="hint">{findEvent(type)?.event.description ?? "Ctrl-Space proposes names and values."}</p>
      <JsonEditor
        text={text}
        faults={faults}
        answered={answered}
        onChange={(next) => set({ text: next })}
        onSubmit={sendText}
      />
      <ul class="faults" aria-label="Faults of the event" aria-live="polite">
        <FaultItems faults={faults} />
      </ul>
      <details class="headers" open={idempotencyKey !== "" || traceparent !== ""}>
        <summary>Headers</summary>
        <Header name="Idempotency-Key" value={idempotencyKey} onValue={(value) => set({ idempotencyKey: value })} />
        <Header name="traceparent" value={traceparent} onValue={(value) => set({ traceparent: value })} />
      </details>
      <div class="row">
        <button type="button" class="primary" onClick={sendText} title="Ctrl-Enter in the editor" disabled={isSending}>
          {isArray ? "Send batch" : "Send"}
        </button>
        <button type="button" onClick={() => send("/events/validate", text)} disabled={isSending}>
          Validate
        </button>
      </div>
      {!isArray && (
        <div class="row copies-row">
          <button
            type="button"
            onClick={() => send("/events/batch", toBatch(text, copies, users))}
            disabled={isSending}
          >
            Send as batch of
          </button>
          <Count label="Events in the batch" value={copies} onValue={(value) => set({ copies: toCount(value) })} />
          <span>over</span>
          <Count label="Users in the batch" value={users} onValue={(value) => set({ users: toCount(value) })} />
          <span>{users === 1 ? "user" : "users"}</span>
        </div>
      )}
      {answerView}
    </section>
  );
}

/** The faults of an answer by where they are in what was sent: of a batch with the place of the event. */
function listFaults(body: string): NamedFault[] {
  const answer = parseObject(body);
  const results = Array.isArray(answer.results) ? answer.results : [];
  const ofEvents = results.flatMap((result, index) =>
    readFaults(result).map(({ path, message }) => ({ path: `${index}.${path}`, message })),
  );
  return [...readFaults(answer), ...ofEvents];
}

function Header({
  name,
  value,
  onValue,
}: {
  readonly name: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
}) {
  return (
    <label class="header">
      <span>{name}</span>
      <input
        type="text"
        spellcheck={false}
        autocomplete="off"
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </label>
  );
}

function Count({
  label,
  value,
  onValue,
}: {
  readonly label: string;
  readonly value: number;
  readonly onValue: (value: number) => void;
}) {
  return (
    <input
      type="number"
      aria-label={label}
      min={1}
      max={MOST_IN_BATCH}
      value={value}
      onChange={({ currentTarget }) => onValue(currentTarget.valueAsNumber)}
    />
  );
}
