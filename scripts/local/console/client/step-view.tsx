import { parseObject } from "../parse-json.ts";
import { toCounter } from "../protocol.ts";
import { toOwnHeaders } from "./copy-as.ts";
import { Facts } from "./facts.tsx";
import { FaultList } from "./fault-list.tsx";
import { useFull } from "./full-record.ts";
import { toColour } from "./functions.ts";
import { MarkedJson } from "./marked-json.tsx";
import { toHash } from "./place.ts";
import { type Step, WHOLE } from "./steps.ts";
import type { Entry } from "./store.ts";
import { toDuration, toTime } from "./time.ts";

/** More events of a batch than anybody reads in a row. */
const MOST_LINKS = 50;

interface Props {
  readonly step: Step;
  /** When the time line begins. */
  readonly first: number;
  /** Whether there is no other request on it: its body is shown at once. */
  readonly isAlone: boolean;
}

type Of<TKind extends Step["kind"]> = Extract<Step, { readonly kind: TKind }>;

/** One thing on the time line. */
export function StepView({ step, first, isAlone }: Props) {
  return (
    <li class={`step step-${step.kind}`}>
      <time class="mono hint" title={new Date(step.at).toISOString()}>
        {toTime(step.at)} +{toDuration(Math.max(step.at - first, 0))}
      </time>
      {step.kind === "request" && <RequestStep step={step} isAlone={isAlone} />}
      {step.kind === "answer" && <AnswerStep entry={step.entry} index={step.index} />}
      {step.kind === "attempt" && <AttemptStep step={step} />}
      {step.kind === "log" && <LogStep step={step} />}
      {step.kind === "message" && <MessageStep step={step} />}
    </li>
  );
}

function RequestStep({ step, isAlone }: { readonly step: Of<"request">; readonly isAlone: boolean }) {
  const { entry, index } = step;
  const request = useFull(entry.request);
  const { events } = request;
  const faults = (entry.answer?.outcomes ?? [])
    .filter((_, place) => index === WHOLE || place === index)
    .flatMap((outcome) => outcome.faults ?? []);
  const headers = toOwnHeaders(request);
  return (
    <div class="column">
      <h3>
        {request.method} {request.path}
        {request.function && (
          <span class="to" style={toColour(request.function)}>
            {request.function}
          </span>
        )}
      </h3>
      {events.length > 1 && <BatchLinks entry={entry} />}
      {headers.length > 0 && (
        <details>
          <summary>Headers</summary>
          <Facts of={request.headers} />
        </details>
      )}
      {request.body !== "" && (
        <details open={isAlone || faults.length > 0}>
          <summary>Body, {toBytes(request.bytes)}</summary>
          <MarkedJson
            text={request.body}
            faults={faults}
            isLines={request.isLines}
            isCut={request.gap !== "" || request.isCut === true}
          />
        </details>
      )}
      {request.gap !== "" && <p class="hint">{request.gap}</p>}
      {request.isCut && <p class="hint">The recorder has dropped the rest of it.</p>}
      {faults.length > 0 && <FaultList label="Faults" faults={faults} />}
    </div>
  );
}

function BatchLinks({ entry: { request, answer } }: { readonly entry: Entry }) {
  return (
    <ol class="batch" start={0}>
      {request.events.slice(0, MOST_LINKS).map((event, index) => {
        const outcome = answer?.outcomes[index];
        const id = event.id || outcome?.id;
        return (
          <li key={index}>
            {outcome && <span class={`state ${toCounter(outcome.status)}`}>{outcome.status}</span>}{" "}
            {id ? <a href={toHash({ kind: "event", id })}>{event.type || id}</a> : event.type || "(no type)"}{" "}
            {event.user} {outcome?.code}
          </li>
        );
      })}
      {request.events.length > MOST_LINKS && <li class="hint">and {request.events.length - MOST_LINKS} more</li>}
    </ol>
  );
}

function AnswerStep({ entry, index }: { readonly entry: Entry; readonly index: number }) {
  const answer = useFull(entry.answer as NonNullable<Entry["answer"]>);
  const outcome = answer.outcomes[index];
  const isOne = entry.request.events.length <= 1;
  const status = (isOne ? undefined : outcome?.status) ?? answer.status;
  const detail = outcome?.detail ?? (index === WHOLE ? undefined : parseObject(answer.body).detail);
  return (
    <div class="column">
      <h3>
        Answer <span class={`state ${status === 0 ? "failed" : toCounter(status)}`}>{status || "caller gone"}</span>{" "}
        {outcome?.code || answer.code} <span class="hint">{toDuration(answer.ms)}</span>
      </h3>
      {typeof detail === "string" && <p>{detail}</p>}
      {answer.retryAfter && <p class="hint">Retry-After: {answer.retryAfter} s</p>}
      <details>
        <summary>Body</summary>
        <MarkedJson text={answer.body} isCut={Boolean(answer.isCut)} />
      </details>
    </div>
  );
}

function AttemptStep({ step: { attempt, number } }: { readonly step: Of<"attempt"> }) {
  const state = attempt.status === "OK" ? "accepted" : attempt.status === "" ? "in-flight" : "failed";
  return (
    <div class="column">
      <h3>
        Attempt {number} <span class={`state ${state}`}>{attempt.status || "in flight"}</span>{" "}
        {attempt.status !== "" && <span class="hint">{toDuration(attempt.ms)}</span>}
      </h3>
      {attempt.status !== "OK" && attempt.detail && <p>{attempt.detail}</p>}
      {attempt.ids.length > 1 && <p class="hint">One call with {attempt.ids.length} events.</p>}
    </div>
  );
}

function LogStep({ step: { log } }: { readonly step: Of<"log"> }) {
  // The step it stands on says the rest.
  const { severity: ___, message, event_id: _, environment: __, ...fields } = parseObject(log.text);
  const state = { ERROR: "failed", WARNING: "refused" }[log.severity] ?? "";
  return (
    <div class="column">
      <h3>
        Log of {log.function} <span class={`state ${state}`}>{log.severity}</span> {String(message ?? "")}
      </h3>
      <p class="log mono">
        {Object.entries(fields).map(([name, value]) => (
          <span key={name}>
            {name}={typeof value === "object" ? JSON.stringify(value) : String(value)}{" "}
          </span>
        ))}
      </p>
    </div>
  );
}

function MessageStep({ step }: { readonly step: Of<"message"> }) {
  const message = useFull(step.message);
  const faults = (message.attributes.payload_faults ?? "").split(" ").filter(Boolean);
  const { topic, orderingKey, attributes } = message;
  return (
    <div class="column">
      <h3>
        Message {message.messageId}{" "}
        {step.copies > 1 && <span class="loud">and {step.copies - 1} more with the same bytes</span>}
        <span class="to" style={toColour(message.function)}>
          {message.function}
        </span>
      </h3>
      <Facts of={[["topic", topic], ["ordering key", orderingKey], ...Object.entries(attributes)]} />
      <details>
        <summary>{toBytes(message.bytes)}, as it arrived</summary>
        <MarkedJson
          text={message.body}
          faults={faults.map((path) => ({ path, message: "differs from its schema" }))}
          isCut={Boolean(message.isCut) || message.body.length < message.bytes}
        />
      </details>
    </div>
  );
}

function toBytes(bytes: number): string {
  return `${bytes.toLocaleString("en")} bytes`;
}
