import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const TIMEOUT_MS = 60_000;

/** One response, as its bytes say. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection whose bytes a test writes and reads itself. */
export class RawHttp {
  readonly socket: Socket;
  /** All that has arrived. */
  text = "";
  readonly #closed: Promise<unknown>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      this.text += chunk.toString("latin1");
    });
    this.#closed = new Promise((resolve) => socket.once("close", resolve));
  }

  static async open(port: number): Promise<RawHttp> {
    // Half-open: the test says itself when this side ends.
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    await once(socket, "connect");
    return new RawHttp(socket);
  }

  write(...pieces: readonly (string | Buffer)[]): this {
    for (const piece of pieces) this.socket.write(piece);
    return this;
  }

  /** Writes pieces as the other side takes them, at most so many bytes a second; none once the connection is closed. */
  async send(pieces: Iterable<Buffer>, bytesPerSecond = Infinity): Promise<void> {
    const startedAt = performance.now();
    let sent = 0;
    for (const piece of pieces) {
      if (this.socket.destroyed) return;
      sent += piece.length;
      if (!this.socket.write(piece)) await this.#drained();
      const early = (sent / bytesPerSecond) * 1000 - (performance.now() - startedAt);
      if (early > 1) await sleep(early);
    }
  }

  /** Says that nothing more comes, and goes on reading. */
  end(): this {
    this.socket.end();
    return this;
  }

  /** Waits for so many responses. @throws Error when the other side ends first */
  async responses(count: number): Promise<readonly RawResponse[]> {
    for (const end = performance.now() + TIMEOUT_MS; performance.now() < end; await sleep(10)) {
      const responses = readResponses(this.text);
      if (responses.length >= count) return responses;
      if (this.socket.readableEnded || this.socket.destroyed) break;
    }
    throw new Error(`${count} responses did not come: ${JSON.stringify(this.text)}`);
  }

  /** Waits for the status of so many responses, or of those that came before the connection closed. */
  async statuses(count: number): Promise<readonly number[]> {
    await Promise.race([this.responses(count).catch(() => {}), this.#closed]);
    return readResponses(this.text).map(({ status }) => status);
  }

  async response(): Promise<RawResponse> {
    return (await this.responses(1))[0] as RawResponse;
  }

  /** Waits until the other side ends the connection. */
  async ended(): Promise<void> {
    const isEnded = new Promise((resolve) => this.socket.once("end", resolve));
    if (!this.socket.readableEnded) await Promise.race([isEnded, this.#closed]);
    this.socket.destroy();
  }

  close(): void {
    this.socket.destroy();
  }

  #drained(): Promise<unknown> {
    return Promise.race([new Promise((resolve) => this.socket.once("drain", resolve)), this.#closed]);
  }
}

/** @returns the complete responses of a text; `100 Continue` is one, without a body */
function readResponses(text: string): RawResponse[] {
  const responses: RawResponse[] = [];
  for (let at = 0; ; ) {
    const headEnd = text.indexOf("\r\n\r\n", at);
    if (headEnd === -1) return responses;
    const [line = "", ...lines] = text.slice(at, headEnd).split("\r\n");
    const headers = Object.fromEntries(
      lines.map((header) => [
        header.slice(0, header.indexOf(":")).toLowerCase(),
        header.slice(header.indexOf(":") + 1).trim(),
      ]),
    );
    const end = headEnd + 4 + Number(headers["content-length"] ?? 0);
    if (text.length < end) return responses;
    responses.push({ status: Number(line.split(" ")[1]), headers, body: text.slice(headEnd + 4, end) });
    at = end;
  }
}
