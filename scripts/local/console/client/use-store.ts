import { useEffect, useState } from "preact/hooks";
import type { Store } from "./store.ts";

/** Renders the component anew when the store changes, at most once a frame of the screen. */
export function useStore(store: Store): void {
  const [, setVersion] = useState(0);
  useEffect(() => {
    let frame = 0;
    const renderAnew = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => setVersion((version) => version + 1));
    };
    const end = store.subscribe(renderAnew);
    // The store may have changed since the first rendering: an effect runs after the screen was painted.
    renderAnew();
    return () => {
      cancelAnimationFrame(frame);
      end();
    };
  }, [store]);
}
