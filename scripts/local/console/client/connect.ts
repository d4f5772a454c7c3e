import type { Frame, Hello } from "../protocol.ts";
import type { Store } from "./store.ts";

/** Keeps the store up to date with the stack; the browser itself connects again after a break, and says what it has seen. */
export function connect(store: Store): void {
  const source = new EventSource("/console/stream");
  source.addEventListener("hello", ({ data }) => store.welcome(JSON.parse(data) as Hello));
  source.addEventListener("frame", ({ data }) => store.add(JSON.parse(data) as Frame));
  source.addEventListener("error", () => store.disconnect());
}
