import { findPath } from "./json-path.ts";
import { prettyJson } from "./pretty-json.ts";
import type { NamedFault } from "./send.ts";

interface Props {
  /** JSON, or whatever was sent in its place. */
  readonly text: string;
  readonly faults: readonly NamedFault[];
  /** Whether there is more of it than is shown. */
  readonly isCut: boolean;
}

/** A body laid out over lines, with what its faults name marked, and the faults beside it. */
export function MarkedJson({ text, faults, isCut }: Props) {
  const pretty = isCut ? text : prettyJson(text);
  const spans = isCut
    ? []
    : faults
        .map((fault) => ({ ...findPath(pretty, fault.path), message: `${fault.path} ${fault.message}`.trim() }))
        .sort((a, b) => a.from - b.from);
  const parts = [];
  let end = 0;
  for (const { from, to, message } of spans) {
    if (from < end) continue;
    parts.push(
      pretty.slice(end, from),
      <mark key={from} title={message}>
        {pretty.slice(from, to)}
      </mark>,
    );
    end = to;
  }
  parts.push(pretty.slice(end));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard must be able to reach it
    <pre tabIndex={0}>{parts}</pre>
  );
}
