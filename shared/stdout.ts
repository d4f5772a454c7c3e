import type { Writable } from "node:stream";

/** Lines that nobody reads are kept up to here; then they are dropped, and counted. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;

/** How long the end of the process waits for whoever reads. */
const FLUSH_MS = 500;

/** Writes lines to a pipe that may not be read, without keeping them all. */
export class LineWriter {
  readonly #stream: Writable;
  #dropped = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
    // A reader that went away (EPIPE) would end the process otherwise.
    stream.on("error", () => {});
    stream.on("drain", () => {
      if (this.#dropped === 0) return;
      const line = `{"severity":"WARNING","message":"Log lines dropped: nobody read them","count":${this.#dropped}}\n`;
      this.#dropped = 0;
      this.write(line);
    });
  }

  /** @param lines whole lines, each with its line feed */
  write(lines: string): void {
    if (this.#stream.writableLength + lines.length > MOST_UNREAD_BYTES) this.#dropped += lines.split("\n").length - 1;
    else this.#stream.write(lines);
  }

  /** Resolves when all has been read, or 0.5 s later. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, FLUSH_MS);
      // Lines of this turn of the event loop leave at its end.
      setImmediate(() => this.#stream.write("", () => resolve()));
    });
  }
}

/** This process's. */
export const stdout = new LineWriter(process.stdout);
