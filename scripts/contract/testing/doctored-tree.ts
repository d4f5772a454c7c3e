import { rmSync } from "node:fs";
import { join } from "node:path";
import { ProjectCopy } from "../../testing/project-copy.ts";
import { smallRegistry } from "./small-registry.ts";

const parts = [
  "shared/events",
  "shared/ingest",
  "scripts/build/schemas",
  "scripts/common",
  "scripts/contract",
  "package.json",
];

/** Replaces a text in a file; or appends where there is no `from`. */
export interface Edit {
  readonly file: string;
  readonly from?: string;
  readonly to: string;
}

/** A copy of the gate with a small registry. */
export class DoctoredTree {
  readonly #copy = new ProjectCopy(parts);

  constructor() {
    this.remove("shared/events/published");
    this.edit(...Object.entries(smallRegistry).map(([file, to]) => ({ file, to })));
    this.run("--write");
    this.commit("--amend");
  }

  /** @throws Error when a text that is to be replaced is not there */
  edit(...edits: readonly Edit[]): void {
    for (const { file, from, to } of edits) {
      if (from === undefined) this.#copy.write(file, to);
      else this.#copy.edit(file, from, to);
    }
  }

  commit(...options: readonly string[]): void {
    this.#copy.git("add", "-A");
    this.#copy.git("commit", "-q", "--allow-empty", "-m", "Test", ...options);
  }

  /** Back to the first commit. */
  reset(): void {
    this.#copy.git("reset", "-q", "--hard", this.#first());
    this.#copy.git("clean", "-fdq");
  }

  /** Brings the files of the first commit back, and leaves the commits. */
  restore(): void {
    this.#copy.git("checkout", "-q", this.#first(), "--", ".");
  }

  read(file: string): string {
    return this.#copy.read(file);
  }

  remove(file: string): void {
    rmSync(join(this.#copy.folder, file), { recursive: true });
  }

  /** Runs the gate, as `npm run contract --` does. */
  run(...args: readonly string[]): { code: number | null; lines: string[]; stderr: string } {
    const { code, stdout, stderr } = this.#copy.node("scripts/contract/main.ts", ...args);
    return { code, lines: stdout.split("\n").filter(Boolean), stderr };
  }

  close(): void {
    this.#copy.close();
  }

  #first(): string {
    return this.#copy.git("rev-list", "--max-parents=0", "HEAD").stdout.trim();
  }
}
