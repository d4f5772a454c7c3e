import { useState } from "preact/hooks";
import { toCounter } from "../protocol.ts";
import { readAnswer } from "../read-answer.ts";
import { Facts } from "./facts.tsx";
import { toHash } from "./place.ts";
import { prettyJson } from "./pretty-json.ts";
import { count } from "./rows.ts";
import type { Answer } from "./send.ts";
import { toDuration } from "./time.ts";

interface Props {
  readonly answer: Answer | undefined;
  readonly isSending: boolean;
}

/** What the caller got: status, duration, ids. Its faults are those that the editor marks and lists. */
export function AnswerView({ answer, isSending }: Props) {
  return (
    <div class="answer column" role="status" aria-label="Answer" aria-busy={isSending}>
      {isSending ? <p class="hint">Waiting for the answer …</p> : answer && <Received answer={answer} />}
    </div>
  );
}

function Received({ answer }: { readonly answer: Answer }) {
  const [isOpen, setOpen] = useState(false);
  const { code, outcomes, isBatch } = readAnswer(answer.body, answer.status, 1);
  const [{ detail = "", id = "", messageId = "" } = {}] = isBatch ? [] : outcomes;
  const warnings = outcomes.reduce((sum, each) => sum + each.warnings, 0);
  const state = answer.status === 0 ? "failed" : toCounter(answer.status);
  const hasRefused = state === "accepted" && outcomes.some(({ status }) => status >= 400);
  const statuses = [...Map.groupBy(outcomes, ({ status }) => status)];
  return (
    <>
      <p class="row">
        <strong class={`state ${hasRefused ? "refused" : state} status`}>{answer.status || "no answer"}</strong>
        <span>{toDuration(answer.ms)}</span>
        {answer.retryAfter && <span>Retry-After: {answer.retryAfter} s</span>}
        {isBatch && <span>{statuses.map(([status, { length }]) => `${status} × ${length}`).join(", ")}</span>}
        {warnings > 0 && <span class="state unsure">{count(warnings, "warning")}</span>}
        <span class="grow" />
        {id && <a href={toHash({ kind: "event", id })}>Follow this event</a>}
      </p>
      <Facts
        of={[
          ["code", code],
          ["detail", detail],
          ["event_id", id],
          ["message_id", messageId],
        ]}
      />
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>Body</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard must be able to reach it */}
        {isOpen && <pre tabIndex={0}>{prettyJson(answer.body)}</pre>}
      </details>
    </>
  );
}
