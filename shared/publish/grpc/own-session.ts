import { type ClientHttp2Session, connect } from "node:http2";
import { CallError, Status } from "./status.ts";

/**
 * Makes a session of our own, for a version of grpc-js that keeps its own elsewhere. By the client's calls an answer would
 * mean something else: grpc-js takes an empty `grpc-status` for OK, and never ends a call that is answered with two messages.
 */
export class OwnSession {
  readonly #origin: string;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;

  /** @param origin of the server: `https://` or `http://`, and its address */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** The session, where it takes calls. */
  get current(): ClientHttp2Session | undefined {
    const session = this.#session;
    return session && !session.closed && !session.destroyed && !session.connecting ? session : undefined;
  }

  /** @throws {CallError} UNAVAILABLE when there is no connecting */
  async get(): Promise<ClientHttp2Session> {
    if (this.current) return this.current;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  close(): void {
    this.#session?.destroy();
  }

  #connect(): Promise<ClientHttp2Session> {
    return new Promise((resolve, reject) => {
      const session = connect(this.#origin);
      this.#session = session;
      session.once("connect", () => resolve(session));
      session.on("error", (error) => reject(new CallError(Status.UNAVAILABLE, error.message)));
      session.once("close", () => reject(new CallError(Status.UNAVAILABLE, "The connection was closed")));
    });
  }
}
