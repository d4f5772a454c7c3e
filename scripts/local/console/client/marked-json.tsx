import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { NamedFault } from "../protocol.ts";
import { JsonPlaces } from "./json-path.ts";
import { prettyJson } from "./pretty-json.ts";

interface Props {
  /** JSON, or whatever was sent in its place. */
  readonly text: string;
  readonly faults?: readonly NamedFault[];
  /** Whether it is one event a line, which are counted as in an array. */
  readonly isLines?: boolean;
  /** Whether there is more of it than is shown. */
  readonly isCut: boolean;
}

/** A body laid out over lines, with what its faults name marked, and the faults beside it. */
export function MarkedJson({ text, faults = [], isLines = false, isCut }: Props) {
  const body = useRef<HTMLPreElement>(null);
  // What is marked is what one looks for: in a long body it is out of sight.
  useLayoutEffect(() => {
    const first = body.current?.querySelector("mark");
    if (body.current && first)
      body.current.scrollTop = first.offsetTop - body.current.offsetTop - body.current.clientHeight / 2;
  }, [text, faults.length]);
  // Not with each key that is pressed elsewhere, and each record that comes in.
  const { laidOut, marks } = useMemo(() => {
    const laidOut = isCut ? text : prettyJson(isLines ? toArray(text) : text);
    const places = isCut || faults.length === 0 ? undefined : new JsonPlaces(laidOut);
    const marks = faults.flatMap(({ path, message }) =>
      places ? [{ ...places.find(path), message: `${path} ${message}`.trim() }] : [],
    );
    return { laidOut, marks: marks.sort((a, b) => a.from - b.from) };
    // By what they say: the same text may be sent again to other schemas, and callers make a new list each time.
  }, [text, JSON.stringify(faults), isLines, isCut]);
  const parts = [];
  let end = 0;
  for (const { from, to, message } of marks) {
    if (from < end) continue;
    parts.push(
      laidOut.slice(end, from),
      <mark key={from} title={message}>
        {laidOut.slice(from, to)}
      </mark>,
    );
    end = to;
  }
  parts.push(laidOut.slice(end));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard must be able to reach it
    <pre tabIndex={0} ref={body}>
      {parts}
    </pre>
  );
}

/** @returns newline-delimited JSON as the array that its events are counted in */
export function toArray(lines: string): string {
  return `[${lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .join(",")}]`;
}
