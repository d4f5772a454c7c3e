import { useState } from "preact/hooks";
import { toCounter } from "../protocol.ts";
import { type Place, toHash } from "./place.ts";
import { prettyJson } from "./pretty-json.ts";
import { count } from "./rows.ts";
import { type Answer, parseObject } from "./send.ts";
import { toDuration } from "./time.ts";

interface Props {
  readonly answer: Answer | undefined;
  readonly isSending: boolean;
}

/** The members of an answer that a caller acts upon. */
const facts = ["code", "detail", "event_id", "message_id"] as const;

/** What the caller got: status, duration, ids. Its faults are those that the editor marks and lists. */
export function AnswerView({ answer, isSending }: Props) {
  return (
    <div class="answer" role="status" aria-label="Answer" aria-busy={isSending}>
      {isSending ? <p class="hint">Waiting for the answer …</p> : answer && <Received answer={answer} />}
    </div>
  );
}

function Received({ answer }: { readonly answer: Answer }) {
  const [isOpen, setOpen] = useState(false);
  const body = parseObject(answer.body);
  const results = Array.isArray(body.results) ? (body.results as Readonly<Record<string, unknown>>[]) : [];
  const warnings = [body, ...results].reduce((sum, each) => sum + countWarnings(each), 0);
  const hasRefused = results.some(({ status }) => Number(status) >= 400);
  const state = answer.status === 0 ? "failed" : toCounter(answer.status);
  const id = typeof body.event_id === "string" ? body.event_id : undefined;
  const place: Place | undefined = id ? { kind: "event", id } : undefined;
  return (
    <>
      <p class="row">
        <strong class={`state ${state === "accepted" && hasRefused ? "refused" : state} status`}>
          {answer.status || "no answer"}
        </strong>
        <span>{toDuration(answer.ms)}</span>
        {answer.retryAfter && <span>Retry-After: {answer.retryAfter} s</span>}
        {results.length > 0 && <span>{summarise(results)}</span>}
        {warnings > 0 && <span class="state unsure">{count(warnings, "warning")}</span>}
        <span class="grow" />
        {place && <a href={toHash(place)}>Follow this event</a>}
      </p>
      <dl class="facts">
        {facts.flatMap((name) =>
          typeof body[name] === "string"
            ? [<dt key={`${name} name`}>{name}</dt>, <dd key={name}>{body[name]}</dd>]
            : [],
        )}
      </dl>
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>Body</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard must be able to reach it */}
        {isOpen && <pre tabIndex={0}>{prettyJson(answer.body)}</pre>}
      </details>
    </>
  );
}

function countWarnings({ warnings, warnings_omitted: omitted }: Readonly<Record<string, unknown>>): number {
  return (Array.isArray(warnings) ? warnings.length : 0) + (Number(omitted) || 0);
}

/** @returns such as `202 × 9, 422 × 1` */
function summarise(results: readonly Readonly<Record<string, unknown>>[]): string {
  const counts = new Map<number, number>();
  for (const { status } of results) counts.set(Number(status), (counts.get(Number(status)) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${status} × ${count}`).join(", ");
}
