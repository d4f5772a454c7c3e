import { useEffect, useRef, useState } from "preact/hooks";
import type { RequestRecord } from "../protocol.ts";
import { languages } from "./copy-as.ts";
import { fetchFull } from "./full-record.ts";
import type { Place } from "./place.ts";
import { count } from "./rows.ts";
import { sendJson } from "./send.ts";
import { StepView } from "./step-view.tsx";
import { type Step, toSteps } from "./steps.ts";
import type { Store } from "./store.ts";

interface Props {
  readonly store: Store;
  readonly place: Place;
  /** Whether the reader came here, and did not only see it beside the list. */
  readonly isEntered: boolean;
  readonly onEdit: (request: RequestRecord) => void;
  readonly onUser: (user: string) => void;
  readonly onClose: () => void;
}

/** One time line: requests, their faults, attempts, messages, of one event or of one request. */
export function StoryView({ store, place, isEntered, onEdit, onUser, onClose }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [said, setSaid] = useState("");
  const steps = toSteps(store, place);
  const request = steps.find((step): step is Extract<Step, { kind: "request" }> => step.kind === "request")?.entry
    .request;
  const title = place.kind === "event" ? place.id : place.kind === "request" ? `Request ${place.number}` : "Message";
  const user = request?.events.length === 1 ? request.events[0]?.user : undefined;
  const key = place.kind === "event" ? place.id : `${place.kind}${place.number}`;

  useEffect(() => {
    setSaid("");
    if (isEntered) heading.current?.focus();
  }, [key, isEntered]);

  const copy = async (text: string, what: string) => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid(`Copied: ${what}`);
    } catch {
      setSaid("The browser does not let this page write to the clipboard");
    }
  };
  /** With a part of the body it would be another request. */
  const withWhole = async (record: RequestRecord, act: (full: RequestRecord) => unknown) => {
    const full = await fetchFull(record);
    if (full.isCut) setSaid("The recorder has dropped the body meanwhile");
    else if (full.gap !== "") setSaid(`The body is not kept as it was sent. ${full.gap.replace(/\.$/, "")}`);
    else await act(full);
  };
  const sendAgain = async (full: RequestRecord) => {
    const headers = Object.fromEntries(
      full.headers.filter(([name]) => /^(?:idempotency-key|traceparent|content-type)$/i.test(name)),
    );
    // The event with its event_id: to consumers it is the same event once more.
    const { status } = await sendJson(
      full.method,
      full.path,
      place.kind === "event" ? withId(full.body, place.id) : full.body,
      headers,
    );
    setSaid(`Sent again: ${status || "no answer"}`);
  };

  return (
    <section class="panel column story" aria-label="Story">
      <div class="row">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <span class="grow" />
        <button type="button" class="quiet" onClick={() => copy(location.href, "link")}>
          Copy link
        </button>
        <button type="button" class="quiet" onClick={onClose} title="Esc">
          Close
        </button>
      </div>
      {request && (
        <div class="row">
          <button type="button" onClick={() => withWhole(request, sendAgain)}>
            Send again
          </button>
          <button type="button" onClick={() => withWhole(request, onEdit)}>
            Edit
          </button>
          <select
            aria-label="Copy as"
            value=""
            onChange={async ({ currentTarget }) => {
              const language = currentTarget.value as keyof typeof languages;
              currentTarget.value = "";
              await withWhole(request, (full) => copy(languages[language](full, location.origin), language));
            }}
          >
            <option value="">Copy as …</option>
            {Object.keys(languages).map((language) => (
              <option key={language}>{language}</option>
            ))}
          </select>
          {user && (
            <button type="button" class="quiet" onClick={() => onUser(user)}>
              User's order
            </button>
          )}
        </div>
      )}
      <p class="hint" role="status">
        {[said, summarise(store, place, steps)].filter(Boolean).join(". ")}
      </p>
      <ol class="steps">
        {steps.map((step) => (
          <StepView
            key={step.key}
            step={step}
            first={steps[0]?.at ?? 0}
            isAlone={steps.filter(({ kind }) => kind === "request").length === 1}
          />
        ))}
      </ol>
    </section>
  );
}

function summarise(store: Store, place: Place, steps: readonly Step[]): string {
  if (steps.length === 0) {
    return store.isComplete
      ? "The recorder has nothing of it: it keeps the last 10,000 requests of this run of the stack."
      : "Waiting for what the stack has recorded.";
  }
  if (place.kind !== "event") return "";
  const story = store.storyOf(place.id);
  const messages = story?.messages.length ?? 0;
  const sendings = story?.sendings ?? [];
  const requests = new Set(sendings.map(({ entry }) => entry)).size;
  // Only a batch with the same event several times has more sendings than requests.
  const times = sendings.length > requests ? ` (${count(sendings.length, "sending")})` : "";
  const rest = messages > 1 ? ": consumers drop all but one by the event_id" : "";
  return `${count(requests, "request")}${times}, ${count(story?.attempts.length ?? 0, "attempt")}, ${count(messages, "message")}${rest}`;
}

/** Puts the identity in front where the caller left it to the producer. */
function withId(body: string, id: string): string {
  if (/"event_id"\s*:/.test(body) || !body.trimStart().startsWith("{")) return body;
  const rest = body.trimStart().slice(1);
  return `{"event_id":${JSON.stringify(id)}${rest.trimStart().startsWith("}") ? "" : ","}${rest}`;
}
