import "./style.css";
import { render } from "preact";
import type { Frame, Hello } from "../protocol.ts";
import { App } from "./app.tsx";
import { Store } from "./store.ts";

const AGAIN_MS = 1000;

/** Keeps the store up to date with the stack; the browser itself connects again after a break, and says what it has seen. */
function connect(store: Store): void {
  const source = new EventSource("/console/stream");
  source.addEventListener("hello", ({ data }) => store.welcome(JSON.parse(data) as Hello));
  source.addEventListener("frame", ({ data }) => store.add(JSON.parse(data) as Frame));
  source.addEventListener("error", () => {
    store.disconnect();
    // After an answer that is no stream, from whatever had the port meanwhile, it does not.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS, store);
  });
}

// What is written is kept in the draft, what is looked at in the address: nothing is lost.
const store = new Store(() => location.reload());
connect(store);
render(<App store={store} />, document.getElementById("app") as HTMLElement);
