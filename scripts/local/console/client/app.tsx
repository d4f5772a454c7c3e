import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { glossary } from "../../../common/glossary.ts";
import type { RequestRecord } from "../protocol.ts";
import { Composer } from "./composer.tsx";
import { useDraft } from "./draft.ts";
import { FaultMenu } from "./fault-menu.tsx";
import { everything, type Filter, noFilter } from "./filter.ts";
import { FunctionBar } from "./function-bar.tsx";
import { toArray } from "./marked-json.tsx";
import { Menu } from "./menu.tsx";
import { type Place, usePlace } from "./place.ts";
import { prettyJson } from "./pretty-json.ts";
import { RecorderPanel } from "./recorder-panel.tsx";
import type { Store } from "./store.ts";
import { StoryView } from "./story-view.tsx";

/** Renders the component anew when the store changes: at most once a frame of the stack's. */
function useStore(store: Store): void {
  const [, setVersion] = useState(0);
  useEffect(() => {
    const renderAnew = () => setVersion(store.version);
    // The store may have changed since the first rendering: an effect runs after the screen was painted.
    renderAnew();
    return store.subscribe(renderAnew);
  }, [store]);
}

/** What the words of the page mean. */
function Help() {
  return (
    <Menu name="help" title="Words">
      <dl class="facts words">
        {Object.entries(glossary).flatMap(([word, meaning]) => [
          <dt key={`${word} word`}>{word}</dt>,
          <dd key={word}>{meaning}</dd>,
        ])}
      </dl>
    </Menu>
  );
}

/** The console's page: a sender, a list, and the story of what is chosen there. */
export function App({ store }: { readonly store: Store }) {
  useStore(store);
  const draft = useDraft();
  const [filter, setFilter] = useState(noFilter);
  // Of what was chosen last, drawn or not: on a slow page a second change comes before the first is drawn.
  const changeFilter = (part: Partial<Filter>) => setFilter((last) => ({ ...last, ...part }));
  const [place, go] = usePlace();
  const [isEntered, setEntered] = useState(false);
  const [seenError, setSeenError] = useState("");
  const sender = useRef<HTMLDetailsElement>(null);
  const { hello, isConnected, buildError } = store;

  const open = (next: Place, entered: boolean) => {
    setEntered(entered);
    go(next, !entered);
  };
  const close = () => {
    go(undefined);
    document.querySelector<HTMLElement>("[role=listbox]")?.focus();
  };
  const edit = (request: RequestRecord) => {
    const header = (name: string) => request.headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? "";
    draft.write({
      text: prettyJson(request.isLines ? toArray(request.body) : request.body),
      idempotencyKey: header("idempotency-key"),
      traceparent: header("traceparent"),
    });
    if (sender.current) sender.current.open = true;
    if (matchMedia("(max-width: 75rem)").matches) go(undefined);
    sender.current?.scrollIntoView({ block: "nearest" });
  };

  // With the rendering, not after the next frame: what can be left listens as soon as it is seen.
  useLayoutEffect(() => {
    const leave = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key !== "Escape" || defaultPrevented) return;
      if (buildError !== "" && buildError !== seenError) setSeenError(buildError);
      else if (place) close();
    };
    addEventListener("keydown", leave);
    return () => removeEventListener("keydown", leave);
  }, [place, buildError, seenError]);

  return (
    <>
      <header>
        <h1>
          PulseCart <span class="hint">console</span>
        </h1>
        <span class={`connection cut ${isConnected ? "accepted" : "failed"}`} role="status">
          {isConnected && hello
            ? `${hello.broker} Pub/Sub at ${hello.pubsub}, project ${hello.project}`
            : "not connected to npm start"}
        </span>
        <Help />
        <FaultMenu store={store} />
        <a href="/docs">API reference</a>
      </header>
      <main class={place ? "with-story" : ""}>
        <FunctionBar
          store={store}
          chosen={filter.function}
          onChoose={(name) => changeFilter({ function: name, type: "" })}
        />
        <details class="sender" ref={sender} open={matchMedia("(min-width: 56.01rem)").matches}>
          <summary class="panel">Send an event</summary>
          <Composer draft={draft} run={hello?.run} />
        </details>
        <RecorderPanel store={store} filter={filter} onFilter={changeFilter} place={place} onOpen={open} />
        {place && (
          <StoryView
            store={store}
            place={place}
            isEntered={isEntered}
            onEdit={edit}
            onUser={(user) => {
              changeFilter({ ...everything, view: "requests", user });
              if (matchMedia("(max-width: 75rem)").matches) go(undefined);
            }}
            onClose={close}
          />
        )}
      </main>
      {buildError !== "" && buildError !== seenError && (
        <div class="overlay" role="alertdialog" aria-label="The sources do not work">
          <div class="panel column">
            <div class="row">
              <h2>The sources do not work</h2>
              <span class="grow" />
              <button type="button" class="quiet" onClick={() => setSeenError(buildError)} title="Esc">
                Close
              </button>
            </div>
            <p class="hint">What worked last goes on running. This goes away when they work again.</p>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard must be able to reach it */}
            <pre tabIndex={0}>{buildError}</pre>
          </div>
        </div>
      )}
    </>
  );
}
