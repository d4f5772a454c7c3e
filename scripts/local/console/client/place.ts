import { useEffect, useState } from "preact/hooks";

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
  const [, letter = "", rest = ""] = /^#\/([erm])\/(.+)$/.exec(hash) ?? [];
  if (letter === "e") return { kind: "event", id: decode(rest) };
  if (letter === "r" || letter === "m") return { kind: letter === "r" ? "request" : "message", number: Number(rest) };
  return undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is looked at now, and a function that goes elsewhere; the browser's own way back works. */
export function usePlace(): readonly [Place | undefined, (place: Place | undefined) => void] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const read = () => setHash(location.hash);
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  const go = (place: Place | undefined) => {
    location.hash = place ? toHash(place) : "#/";
  };
  return [readHash(hash), go];
}
