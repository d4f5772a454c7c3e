import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);

/** What `npm run new` writes, and what is generated from that. */
const patterns = ["shared/events/**/*.{ts,json}", "functions/*.ts", "README.md", "docs/*.md"];

/** The files as they were before a command, to bring them back when it fails half-way. */
export class Tree {
  readonly #before = new Map(list().map((file) => [file, readFileSync(new URL(file, root))]));

  /** Writes back what has changed, and removes what has come. */
  restore(): void {
    const present = new Set(list());
    for (const file of present) if (!this.#before.has(file)) rmSync(new URL(file, root));
    for (const [file, content] of this.#before) {
      const url = new URL(file, root);
      if (!present.has(file) || !readFileSync(url).equals(content)) writeFileSync(url, content);
    }
  }
}

function list(): string[] {
  return globSync(patterns, { cwd: fileURLToPath(root) }).map((file) => file.replaceAll("\\", "/"));
}
