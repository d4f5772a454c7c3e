import { EditorView } from "@codemirror/view";

/** A selection that a composition may not begin on: an input method looks at the selected words, not at thousands. */
const LONG_SELECTION = 1000;

/**
 * Replaces a selection by what is typed in a transaction of the editor's. Left to the browser, Chromium takes the
 * selected elements away one by one and lays the line out anew after each: minutes for a long line.
 */
export const replaceSelection = [
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
