import { useEffect, useState } from "preact/hooks";
import type { Store } from "./store.ts";

/** A page that has much to go through at each change does so this often. */
const PAUSE_MS = 150;
const MUCH = 2000;

/** Renders the component anew when the store changes: at most once a frame of the screen, less often where there is much. */
export function useStore(store: Store): void {
  const [, setVersion] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const renderAnew = () => {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          setVersion(store.version);
        },
        store.entries.length > MUCH || store.messages.length > MUCH ? PAUSE_MS : 16,
      );
    };
    const end = store.subscribe(renderAnew);
    // The store may have changed since the first rendering: an effect runs after the screen was painted.
    renderAnew();
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [store]);
}
