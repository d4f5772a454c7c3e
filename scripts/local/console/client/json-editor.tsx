import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { type Diagnostic, linter, lintGutter } from "@codemirror/lint";
import type { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";
import { checkEvent } from "./check-event.ts";

const LINT_DELAY_MS = 200;

const highlighting = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--json-name)" },
  { tag: tags.string, color: "var(--json-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--json-value)" },
]);

type SyntaxNode = ReturnType<typeof syntaxTree>["topNode"];

interface Props {
  readonly text: string;
  readonly onChange: (text: string) => void;
  /** Ctrl-Enter or Cmd-Enter. */
  readonly onSubmit: () => void;
}

/** An editor for one event, with its faults marked where they are. */
export function JsonEditor({ text, onChange, onSubmit }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const handlers = useRef({ onChange, onSubmit });
  handlers.current = { onChange, onSubmit };

  useEffect(() => {
    const submit = () => {
      handlers.current.onSubmit();
      return true;
    };
    const editor = new EditorView({
      parent: place.current as HTMLElement,
      doc: text,
      extensions: [
        keymap.of([{ key: "Mod-Enter", run: submit }, ...defaultKeymap, ...historyKeymap]),
        history(),
        lineNumbers(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        json(),
        syntaxHighlighting(highlighting),
        linter(({ state }) => toDiagnostics(state), { delay: LINT_DELAY_MS }),
        lintGutter(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "The event as JSON" }),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) handlers.current.onChange(state.doc.toString());
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

  return <div class="editor" ref={place} />;
}

function toDiagnostics(state: EditorState): Diagnostic[] {
  return checkEvent(state.doc.toString()).map(({ path, message }) => ({
    ...findMember(state, path),
    severity: "error",
    message: `${path} ${message}`.trim(),
  }));
}

/** Where a top-level member stands; for one that is missing, the opening brace; for the whole, where it is no JSON. */
function findMember(state: EditorState, path: string): { from: number; to: number } {
  const { topNode } = syntaxTree(state);
  const object = topNode.firstChild;
  const properties = object?.getChildren("Property") ?? [];
  const member = properties.find((property) => {
    const name = property.getChild("PropertyName");
    return name && state.sliceDoc(name.from + 1, name.to - 1) === path;
  });
  if (member) return { from: member.from, to: member.to };
  const from = (path === "" ? findError(topNode) : object)?.from ?? 0;
  return { from, to: Math.min(from + 1, state.doc.length) };
}

function findError(node: SyntaxNode): SyntaxNode | undefined {
  if (node.type.isError) return node;
  for (let child = node.firstChild; child; child = child.nextSibling) {
    const error = findError(child);
    if (error) return error;
  }
  return undefined;
}
