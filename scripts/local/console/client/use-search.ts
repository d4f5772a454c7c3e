import { useEffect, useState } from "preact/hooks";
import type { Store } from "./store.ts";

const SEARCH_DELAY_MS = 150;
/** New records are looked through this often. */
const AGAIN_MS = 1000;

const nothing: ReadonlySet<number> = new Set();

/** Asks the recorder for the records that hold a text where the page does not have it: behind the beginning of a body. */
export function useSearch(text: string, store: Store): ReadonlySet<number> {
  const [found, setFound] = useState(nothing);
  useEffect(() => {
    setFound(nothing);
    if (text === "") return;
    let from = 0;
    let run = store.hello?.run;
    let timer: ReturnType<typeof setTimeout>;
    let isCurrent = true;
    const search = async () => {
      if (store.hello?.run !== run) {
        run = store.hello?.run;
        from = 0;
        setFound(nothing);
      }
      const { newest } = store;
      if (newest >= from) {
        const path = `/console/search?text=${encodeURIComponent(text)}&from=${from}`;
        const response = await fetch(path).catch(() => undefined);
        const numbers = response?.ok ? ((await response.json()) as number[]) : [];
        if (!isCurrent) return;
        if (response?.ok) from = newest + 1;
        if (numbers.length > 0) setFound((before) => new Set([...before, ...numbers]));
      }
      timer = setTimeout(search, AGAIN_MS);
    };
    timer = setTimeout(search, SEARCH_DELAY_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [text]);
  return found;
}
