import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useLayoutEffect, useRef } from "preact/hooks";
import { completeEvent } from "./complete-event.ts";
import { MOST_FAULTS } from "./fault-list.tsx";
import { JsonPlaces } from "./json-path.ts";
import type { Fault } from "./send.ts";

/** A selection that a composition may not begin on: an input method looks at the selected words, not at thousands. */
const LONG_SELECTION = 1000;

/**
 * Replaces a selection by what is typed in a transaction of the editor's. Left to the browser, Chromium takes the
 * selected elements away one by one and lays the line out anew after each: minutes for a long line.
 */
const replaceSelection = [
  EditorView.domEventHandlers({
    beforeinput({ inputType, data }, view) {
      const { from, to, empty } = view.state.selection.main;
      if (inputType !== "insertText" || data === null || empty) return false;
      const insert = () =>
        view.state.update(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
      const isHandled = view.state
        .facet(EditorView.inputHandler)
        .some((handle) => handle(view, from, to, data, insert));
      if (!isHandled) view.dispatch(insert());
      return true;
    },
  }),
  EditorView.domEventObservers({
    // It cannot be refused, but begins behind what is deleted now.
    compositionstart(_, view) {
      const { from, to } = view.state.selection.main;
      if (to - from > LONG_SELECTION) view.dispatch(view.state.replaceSelection(""), { userEvent: "input" });
    },
  }),
];

const highlighting = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--json-name)" },
  { tag: tags.string, color: "var(--json-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--json-value)" },
]);

interface Props {
  readonly text: string;
  readonly faults: readonly Fault[];
  readonly onChange: (text: string) => void;
  /** Ctrl-Enter or Cmd-Enter. */
  readonly onSubmit: () => void;
}

/** An editor for one event or a batch, with faults marked where they are and names completed. */
export function JsonEditor({ text, faults, onChange, onSubmit }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ onChange, onSubmit });
  latest.current = { onChange, onSubmit };

  useLayoutEffect(() => {
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
        replaceSelection,
        lineNumbers(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        json(),
        autocompletion({ override: [completeEvent], icons: false }),
        syntaxHighlighting(highlighting),
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

  // With the rendering, not after it: a key pressed in between would be undone, that undone by its own rendering, and so on.
  useLayoutEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);

  useLayoutEffect(() => {
    const editor = view.current;
    editor?.dispatch(setDiagnostics(editor.state, toDiagnostics(editor.state.doc.toString(), faults)));
  }, [faults]);

  return <div class="editor" ref={place} />;
}

function toDiagnostics(text: string, faults: readonly Fault[]): Diagnostic[] {
  if (faults.length === 0) return [];
  const places = new JsonPlaces(text);
  // The list below the editor counts the rest.
  return faults.slice(0, MOST_FAULTS).map(({ path, at = path, message, isWarning }) => {
    const { from, to } = (at === "" ? places.findSyntaxError() : undefined) ?? places.find(at);
    const severity = isWarning ? "warning" : "error";
    return { from, to: Math.min(to, text.length), severity, message: `${path} ${message}`.trim() };
  });
}
