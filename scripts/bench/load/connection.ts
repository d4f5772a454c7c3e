import { once } from "node:events";
import { connect, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";

/** Takes one response. `body` is only valid during the call. */
export type OnResponse = (status: number, body: Buffer) => void;

/**
 * One keep-alive HTTP/1.1 connection that costs as little CPU as possible: requests are bytes, ready to be written, and
 * of a response only status and length are looked at. Answers come in the order of the requests.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #waiting: OnResponse[] = [];
  #unread: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, onBroken: (error: Error) => void) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", onBroken);
    socket.on("close", () => {
      if (this.#waiting.length > 0) onBroken(new Error("The server closed a connection with requests under way."));
    });
  }

  /**
   * @param port on 127.0.0.1
   * @param onBroken hears of a connection that ends while requests wait, or answers what is not understood
   */
  static async open(port: number, onBroken: (error: Error) => void): Promise<HttpConnection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new HttpConnection(socket, onBroken);
  }

  /** Writes the parts of one request; more than one may be under way. */
  send(parts: readonly (string | Buffer)[], onResponse: OnResponse): void {
    this.#waiting.push(onResponse);
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part, "latin1");
    this.#socket.uncork();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const headEnd = bytes.indexOf(HEAD_END);
      if (headEnd === -1) break;
      const head = bytes.toString("latin1", 0, headEnd);
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (length === undefined) {
        this.#socket.destroy(new Error(`A response without a length: ${head}`));
        return;
      }
      const end = headEnd + HEAD_END.length + Number(length);
      if (bytes.length < end) break;
      this.#waiting.shift()?.(Number(head.slice(9, 12)), bytes.subarray(headEnd + HEAD_END.length, end));
      bytes = bytes.subarray(end);
    }
    this.#unread = bytes;
  }
}
