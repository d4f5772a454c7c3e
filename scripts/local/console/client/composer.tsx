import { useEffect, useMemo, useState } from "preact/hooks";
import { MAX_BATCH_EVENTS } from "../../../../shared/events/limits.ts";
import { findEvent } from "../../../../shared/events/registry.ts";
import { AnswerView } from "./answer-view.tsx";
import { readType, toBatch, toSampleText, type WrittenDraft } from "./draft.ts";
import { FaultList } from "./fault-list.tsx";
import { functions } from "./functions.ts";
import { JsonEditor } from "./json-editor.tsx";
import { PayloadSchema } from "./payload-schema.tsx";
import { type Answer, checkEvent, type Fault, sendJson } from "./send.ts";

const CHECK_DELAY_MS = 200;

/**
 * @param run names the run of the stack: another one may judge otherwise
 * @returns what is wrong with a text, as of its last check
 */
function useCheck(text: string, run: string | undefined): readonly Fault[] {
  const [faults, setFaults] = useState<readonly Fault[]>([]);
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const found = await checkEvent(text);
      if (isCurrent) setFaults(found);
    }, CHECK_DELAY_MS);
    return () => {
      clearTimeout(timer);
      isCurrent = false;
    };
  }, [text, run]);
  return faults;
}

interface Props {
  readonly draft: WrittenDraft;
  /** Names the run of the stack. */
  readonly run: string | undefined;
}

/** Where an event or a batch is written and sent. */
export function Composer({ draft: { drawn, latest, write: set }, run }: Props) {
  const { text, idempotencyKey, traceparent, copies, users } = drawn;
  const [answer, setAnswer] = useState<Answer>();
  const [isSending, setSending] = useState(false);
  const faults = useCheck(text, run);
  // A batch's answer is long; it is not drawn anew with each key.
  const answerView = useMemo(() => <AnswerView answer={answer} isSending={isSending} />, [answer, isSending]);
  const isArray = isBatch(text);
  const type = readType(text);
  const payloadSchema = useMemo(() => <PayloadSchema type={type} />, [type]);

  const send = async (path: string, body: string) => {
    const headers = {
      ...(latest.current.idempotencyKey && { "Idempotency-Key": latest.current.idempotencyKey }),
      ...(latest.current.traceparent && { traceparent: latest.current.traceparent }),
    };
    setSending(true);
    setAnswer(await sendJson("POST", path, body, headers));
    setSending(false);
  };
  const sendText = () => send(isBatch(latest.current.text) ? "/events/batch" : "/events/ingest", latest.current.text);
  const sendCopies = () =>
    send("/events/batch", toBatch(latest.current.text, latest.current.copies, latest.current.users));

  return (
    <section class="panel column composer" aria-labelledby="composer-title">
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
      {payloadSchema}
      <JsonEditor text={text} faults={faults} onChange={(next) => set({ text: next })} onSubmit={sendText} />
      <FaultList label="Faults of the event" faults={faults} isLive />
      <details open={idempotencyKey !== "" || traceparent !== ""}>
        <summary>Headers</summary>
        <div class="column">
          <Header label="Idempotency-Key" value={idempotencyKey} onValue={(value) => set({ idempotencyKey: value })} />
          <Header label="traceparent" value={traceparent} onValue={(value) => set({ traceparent: value })} />
        </div>
      </details>
      <div class="row">
        <button type="button" class="primary" onClick={sendText} title="Ctrl-Enter in the editor" disabled={isSending}>
          {isArray ? "Send batch" : "Send"}
        </button>
        <button type="button" onClick={() => send("/events/validate", latest.current.text)} disabled={isSending}>
          Validate
        </button>
      </div>
      {!isArray && (
        <div class="row">
          <button type="button" onClick={sendCopies} disabled={isSending}>
            Send as batch of
          </button>
          <Count label="Events in the batch" value={copies} onValue={(value) => set({ copies: value })} />
          <span>{copies === 1 ? "event of" : "events of"}</span>
          <Count label="Users in the batch" value={users} onValue={(value) => set({ users: value })} />
          <span>{users === 1 ? "user" : "users in turn"}</span>
        </div>
      )}
      {answerView}
    </section>
  );
}

function isBatch(text: string): boolean {
  return text.trimStart().startsWith("[");
}

interface FieldProps<TValue> {
  readonly label: string;
  readonly value: TValue;
  readonly onValue: (value: TValue) => void;
}

function Header({ label, value, onValue }: FieldProps<string>) {
  return (
    <label class="field">
      <span>{label}</span>
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

function Count({ label, value, onValue }: FieldProps<number>) {
  // As it is being written: a rendering meanwhile leaves it so.
  const [written, setWritten] = useState(String(value));
  const toCount = (input: HTMLInputElement) =>
    Math.min(Math.max(Math.trunc(input.valueAsNumber) || 1, 1), MAX_BATCH_EVENTS);
  return (
    <input
      type="number"
      aria-label={label}
      min={1}
      max={MAX_BATCH_EVENTS}
      value={written}
      onInput={({ currentTarget }) => {
        setWritten(currentTarget.value);
        onValue(toCount(currentTarget));
      }}
      onBlur={({ currentTarget }) => setWritten(String(toCount(currentTarget)))}
    />
  );
}
