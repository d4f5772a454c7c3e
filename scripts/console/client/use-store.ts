import { useEffect, useState } from "preact/hooks";
import type { Store } from "./store.ts";

/** Renders the component anew when the store changes, at most once a frame of the screen. */
export function useStore(store: Store): void {
  const [, setVersion] = useState(0);
  useEffect(() => {
    let frame = 0;
    const end = store.subscribe(() => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => setVersion((version) => version + 1));
    });
    return () => {
      cancelAnimationFrame(frame);
      end();
    };
  }, [store]);
}
