import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { smallRegistry } from "./small-registry.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Replaces a text in a file; or appends where there is no `from`. */
export interface Edit {
  readonly file: string;
  readonly from?: string;
  readonly to: string;
}

/** A copy of the gate with a small registry, in a git repository of its own. */
export class DoctoredTree {
  readonly #folder = mkdtempSync(join(tmpdir(), "pulsecart-doctored-"));

  constructor() {
    for (const part of [
      "shared/events",
      "shared/ingest",
      "scripts/build/schemas",
      "scripts/common",
      "scripts/contract",
      "package.json",
    ]) {
      cpSync(join(root, part), join(this.#folder, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(this.#folder, "node_modules"), "junction");
    writeFileSync(join(this.#folder, ".gitignore"), "node_modules\n");
    rmSync(join(this.#folder, "shared/events/published"), { recursive: true });
    this.edit(...Object.entries(smallRegistry).map(([file, to]) => ({ file, to })));
    this.run("--write");
    this.#git("init", "-q", "-b", "main");
    this.commit();
  }

  /** @throws Error when a text that is to be replaced is not there */
  edit(...edits: readonly Edit[]): void {
    for (const { file, from, to } of edits) {
      const path = join(this.#folder, file);
      const text = from === undefined ? "" : readFileSync(path, "utf8");
      if (from !== undefined && !text.includes(from)) throw new Error(`${file} does not have ${from}`);
      writeFileSync(path, from === undefined ? to : text.replace(from, () => to));
    }
  }

  commit(): void {
    this.#git("add", "-A");
    this.#git(
      "-c",
      "user.name=Test",
      "-c",
      "user.email=test@example.com",
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      "Test",
    );
  }

  /** Back to the first commit. */
  reset(): void {
    this.#git("reset", "-q", "--hard", this.#first());
    this.#git("clean", "-fdq");
  }

  /** Brings the files of the first commit back, and leaves the commits. */
  restore(): void {
    this.#git("checkout", "-q", this.#first(), "--", ".");
  }

  read(file: string): string {
    return readFileSync(join(this.#folder, file), "utf8");
  }

  remove(file: string): void {
    rmSync(join(this.#folder, file), { recursive: true });
  }

  /** Runs the gate, as `npm run contract --` does. */
  run(...args: readonly string[]): { code: number | null; lines: string[]; stderr: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/contract/main.ts", ...args], {
      cwd: this.#folder,
      encoding: "utf8",
      timeout: 60_000,
    });
    return { code: status, lines: stdout.split("\n").filter(Boolean), stderr };
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #first(): string {
    return this.#git("rev-list", "--max-parents=0", "HEAD").trim();
  }

  #git(...args: readonly string[]): string {
    return execFileSync("git", args, { cwd: this.#folder, encoding: "utf8" });
  }
}
