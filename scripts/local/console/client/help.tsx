import { glossary } from "../../../common/glossary.ts";
import { Menu } from "./menu.tsx";

/** What the words of the page mean. */
export function Help() {
  return (
    <Menu name="help" title="Words">
      <dl class="facts words">
        {Object.entries(glossary).flatMap(([word, meaning]) => [
          <dt key={`${word} word`}>{word}</dt>,
          <dd key={word}>{meaning}</dd>,
        ])}
      </dl>
    </Menu>
  );
}
