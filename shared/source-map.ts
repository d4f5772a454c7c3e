import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";

const FRAME = /(?<file>\/[^():]+):(?<line>\d+):(?<column>\d+)/g;

const maps = new Map<string, SourceMap | undefined>();

/**
 * Reads an error's stack in terms of the sources, through the source map beside the bundle.
 *
 * Done here, and only when an error is logged: with `--enable-source-maps` Node reads and parses the map, which is larger
 * than the bundle, at every cold start.
 *
 * @returns the stack, or the error as a string where it has none; frames without a source map stay as they are
 */
export function readStack(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return String(error);
  return error.stack.replace(FRAME, (frame, file: string, line: string, column: string) => {
    const origin = findMap(file)?.findOrigin(Number(line), Number(column));
    return origin && "fileName" in origin ? `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}` : frame;
  });
}

function findMap(file: string): SourceMap | undefined {
  if (!maps.has(file)) {
    maps.set(file, undefined);
    try {
      maps.set(file, new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8"))));
    } catch {}
  }
  return maps.get(file);
}
