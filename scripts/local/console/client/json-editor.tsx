import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, forceLinting, linter, lintGutter } from "@codemirror/lint";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";
import type { NamedFault } from "../protocol.ts";
import type { Fault } from "./check-event.ts";
import { completeEvent } from "./complete-event.ts";
import { findPath, findSyntaxError } from "./json-path.ts";

const highlighting = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--json-name)" },
  { tag: tags.string, color: "var(--json-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--json-value)" },
]);

interface Props {
  readonly text: string;
  readonly faults: readonly Fault[];
  /** What the last answer said of this text. */
  readonly answered: readonly NamedFault[];
  readonly onChange: (text: string) => void;
  /** Ctrl-Enter or Cmd-Enter. */
  readonly onSubmit: () => void;
}

/** An editor for one event or a batch, with faults marked where they are and names completed. */
export function JsonEditor({ text, faults, answered, onChange, onSubmit }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ faults, answered, onChange, onSubmit });
  latest.current = { faults, answered, onChange, onSubmit };

  useEffect(() => {
    const submit = () => {
      latest.current.onSubmit();
      return true;
    };
    const editor = new EditorView({
      parent: place.current as HTMLElement,
      doc: text,
      extensions: [
        keymap.of([
          { key: "Mod-Enter", run: submit },
          ...completionKeymap,
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...historyKeymap,
        ]),
        history(),
        lineNumbers(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        json(),
        autocompletion({ override: [completeEvent], icons: false }),
        syntaxHighlighting(highlighting),
        linter(({ state }) => toDiagnostics(state.doc.toString(), latest.current)),
        lintGutter(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "The event as JSON" }),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) latest.current.onChange(state.doc.toString());
        }),
      ],
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);

  useEffect(() => {
    if (view.current) forceLinting(view.current);
  }, [faults, answered]);

  return <div class="editor" ref={place} />;
}

function toDiagnostics(text: string, { faults, answered }: Pick<Props, "faults" | "answered">): Diagnostic[] {
  const own = faults.map(({ path, at = path, message, isWarning }) => ({
    ...((at === "" ? findSyntaxError(text) : undefined) ?? findPath(text, at)),
    severity: isWarning ? ("warning" as const) : ("error" as const),
    message: `${path} ${message}`.trim(),
  }));
  const known = new Set(own.map(({ from }) => from));
  const others = answered
    .map(({ path, message }) => ({
      ...findPath(text, path),
      severity: "error" as const,
      message: `${path} ${message}`.trim(),
      source: "the answer",
    }))
    .filter(({ from }) => !known.has(from));
  return [...own, ...others].map((each) => ({ ...each, to: Math.min(each.to, text.length) }));
}
