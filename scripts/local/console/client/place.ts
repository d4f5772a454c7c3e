import { useLayoutEffect, useState } from "preact/hooks";

/** What the page's address names: the story of an event, a request or a message. */
export type Place =
  | { readonly kind: "event"; readonly id: string }
  | { readonly kind: "request" | "message"; readonly number: number };

/** @returns the part of the address behind the page's own, such as `#/e/evt_1` */
export function toHash(place: Place): string {
  return place.kind === "event" ? `#/e/${encodeURIComponent(place.id)}` : `#/${place.kind[0]}/${place.number}`;
}

/** @returns undefined where the address names nothing */
export function readHash(hash: string): Place | undefined {
  const [, id, letter, number] = /^#\/(?:e\/(.+)|([rm])\/(\d{1,15}))$/.exec(hash) ?? [];
  if (id !== undefined) return { kind: "event", id: decode(id) };
  if (letter !== undefined) return { kind: letter === "r" ? "request" : "message", number: Number(number) };
  return undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * What is looked at now, and a function that goes elsewhere; the browser's own way back works.
 *
 * Who only passes by on the way to another place (`isPassing`) does not want to go back through each of them.
 */
export function usePlace(): readonly [Place | undefined, (place: Place | undefined, isPassing?: boolean) => void] {
  const [hash, setHash] = useState(location.hash);
  useLayoutEffect(() => {
    const read = () => setHash(location.hash);
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  const go = (place: Place | undefined, isPassing = false) => {
    const next = place ? toHash(place) : "#/";
    if (isPassing) location.replace(next);
    else location.hash = next;
  };
  return [readHash(hash), go];
}
