import { toCounter } from "../protocol.ts";
import { prettyJson } from "./pretty-json.ts";
import type { Answer } from "./send.ts";

interface Props {
  readonly answer: Answer | undefined;
  readonly isSending: boolean;
}

/** The members of an answer that a caller acts upon. */
const facts = ["code", "detail", "event_id", "message_id"] as const;

/** What the caller got: status, latency, ids, faults. */
export function AnswerView({ answer, isSending }: Props) {
  return (
    <div class="answer" role="status" aria-label="Answer" aria-busy={isSending}>
      {isSending ? <p class="hint">Waiting for the answer …</p> : answer && <Received answer={answer} />}
      {!isSending && !answer && <p class="hint">The answer is shown here.</p>}
    </div>
  );
}

function Received({ answer }: { readonly answer: Answer }) {
  const body = parse(answer.body);
  return (
    <>
      <p class="row">
        <strong class={`status ${answer.status === 0 ? "failed" : toCounter(answer.status)}`}>
          {answer.status || "no answer"}
        </strong>
        <span>{answer.ms.toFixed(1)} ms</span>
        {answer.retryAfter && <span>Retry-After: {answer.retryAfter} s</span>}
        {Array.isArray(body.results) && <span>{summarise(body.results)}</span>}
      </p>
      <dl class="facts">
        {facts.map((name) => typeof body[name] === "string" && <Fact key={name} name={name} value={body[name]} />)}
      </dl>
      <details>
        <summary>Body</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard must be able to reach it */}
        <pre tabIndex={0}>{prettyJson(answer.body)}</pre>
      </details>
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** @returns such as `202 × 9, 422 × 1` */
function summarise(results: readonly { readonly status?: number }[]): string {
  const counts = new Map<number, number>();
  for (const { status = 0 } of results) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${status} × ${count}`).join(", ");
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
