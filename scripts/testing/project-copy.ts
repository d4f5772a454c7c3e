import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const left = new Set(["node_modules", "dist", ".git"]);

/** A copy of the project in a git repository of its own, with the project's packages. */
export class ProjectCopy {
  readonly folder = mkdtempSync(join(tmpdir(), "pulsecart-copy-"));
  // Without npm's own variables: the stack ends with the npm that started it, and this is not one of its own.
  readonly environment: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST)/.test(name))),
    PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
  };

  /** @param parts what is copied of the project; all of it unless given */
  constructor(parts: readonly string[] = readdirSync(root).filter((name) => !left.has(name))) {
    for (const entry of parts) {
      const filter = (path: string) => !/[\\/](node_modules|dist)$/.test(path);
      cpSync(join(root, entry), join(this.folder, entry), { recursive: true, filter });
    }
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"), "junction");
    writeFileSync(join(this.folder, ".gitignore"), "node_modules\ndist/\n");
    this.git("init", "-q", "-b", "main");
    this.git("add", "-A");
    this.git("commit", "-q", "-m", "Before");
    this.git("tag", "before");
  }

  /** Runs a command of the copy. */
  run(command: string, args: readonly string[], timeout = 120_000) {
    const options = { cwd: this.folder, encoding: "utf8", env: this.environment, timeout, maxBuffer: 2 ** 26 } as const;
    const { status, stdout, stderr } = spawnSync(command, args, options);
    return { code: status, stdout, stderr };
  }

  node(...args: readonly string[]) {
    return this.run(process.execPath, args);
  }

  git(...args: readonly string[]) {
    return this.run("git", ["-c", "user.name=Test", "-c", "user.email=test@example.com", ...args]);
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** @throws Error when the text that is to be replaced is not there */
  edit(file: string, from: string | RegExp, to: string): void {
    const text = this.read(file);
    const edited = text.replace(from, () => to);
    if (edited === text) throw new Error(`${file} does not have ${from}`);
    this.write(file, edited);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
