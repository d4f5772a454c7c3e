import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** @returns a file's text with `\n` at each line's end, whatever git has put there; undefined where there is no file */
export function readText(file: URL): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8").replaceAll("\r\n", "\n") : undefined;
}

/** Writes a text, with the line ends that the file has had. */
export function writeText(file: URL, text: string): void {
  const isWindows = existsSync(file) && readFileSync(file, "utf8").includes("\r\n");
  writeFileSync(file, isWindows ? text.replaceAll("\n", "\r\n") : text);
}
