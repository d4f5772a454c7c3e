import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

interface Props {
  /** Of the style. */
  readonly name: "menu" | "help";
  readonly title: string;
  readonly isLoud?: boolean;
  readonly children: ComponentChildren;
}

/** A sheet that opens below its title; Escape closes it. */
export function Menu({ name, title, isLoud = false, children }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !menu.current?.open) return;
    event.stopPropagation();
    menu.current.open = false;
    menu.current.querySelector("summary")?.focus();
  };
  return (
    <details ref={menu} class={name} onKeyDown={close}>
      <summary class={`button cut ${isLoud ? "loud" : ""} ${name === "help" ? "quiet" : ""}`}>{title}</summary>
      <div class="panel column sheet">{children}</div>
    </details>
  );
}
