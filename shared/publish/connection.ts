import type { Credentials } from "./credentials.ts";
import type { PubSubClient } from "./grpc/client.ts";
import type { PublishRequest } from "./grpc/codec.ts";
import { Cancelled, type Sending } from "./grpc/sending.ts";
import { CallError, Status } from "./grpc/status.ts";

/** A server that does not answer a PING for that long is dead, and so is a connection that is not made in that time. */
const SILENCE_MS = 1000;

/** One connection to Pub/Sub, opened by its first use. */
export class Connection {
  /** Nobody else sets it. */
  isClosed = false;
  readonly #open: () => Promise<PubSubClient>;
  readonly #credentials: Credentials;
  readonly #maxCalls: number;
  #client: Promise<PubSubClient> | undefined;
  #openCalls = 0;
  /** The calls that wait for their turn. */
  readonly #turns: { readonly sending: Sending; readonly take: () => void }[] = [];
  #isRetired = false;
  /** `performance.now()` of the first call since the last answer; undefined while there is none. */
  #silentSince: number | undefined;
  /** `performance.now()` of the last answer to a call or a PING. */
  #heardAt = 0;
  #probe: Promise<boolean> | undefined;

  /** @param maxCalls that are open at once; the others wait */
  constructor(open: () => Promise<PubSubClient>, credentials: Credentials, maxCalls: number) {
    this.#open = open;
    this.#credentials = credentials;
    this.#maxCalls = maxCalls;
  }

  /** Whether calls have failed or waited for a while, and none was answered. */
  get isSilent(): boolean {
    return this.#silentSince !== undefined && performance.now() - this.#silentSince >= SILENCE_MS;
  }

  /** Loads the client, connects and fetches credentials. A failure shows, and is answered, at the first publish. */
  async warmUp(): Promise<void> {
    await Promise.allSettled([this.#load().then((client) => client.connect()), this.#credentials.get()]);
  }

  /**
   * Publishes messages of one ordering key in one request, once, without a retry and without a deadline.
   *
   * @returns the message ids, in the messages' order
   * @throws {CallError}, or Cancelled
   */
  async publish(request: PublishRequest, sending: Sending): Promise<readonly string[]> {
    if (this.#openCalls < this.#maxCalls) this.#openCalls++;
    else if (!(await this.#waitForTurn(sending))) throw new Cancelled();
    try {
      this.#check(sending);
      const client = await this.#load();
      const token = this.#credentials.get();
      const authorization = token instanceof Promise ? await token : token;
      this.#check(sending);
      this.#silentSince ??= performance.now();
      try {
        const answer = await client.publish(request, authorization, sending);
        this.#hear();
        return request.readAnswer(answer);
      } catch (error) {
        if (error instanceof CallError) {
          if (error.isAnswer) this.#hear();
          if (error.code === Status.UNAUTHENTICATED) this.#credentials.forget(authorization);
        }
        throw error;
      }
    } finally {
      this.#passTurn();
    }
  }

  /**
   * Asks the server by a PING, which tells a dead connection from a slow service. One that is still being made is alive
   * for as long as it is not silent.
   *
   * @param since `performance.now()` after which any answer will do: servers throw out who sends too many PINGs
   */
  async isAlive(since: number): Promise<boolean> {
    if (this.#heardAt >= since) return true;
    this.#probe ??= this.#ask().finally(() => {
      this.#probe = undefined;
    });
    return this.#probe;
  }

  /** Takes no new calls; closes once those that are open have ended. */
  retire(): void {
    this.#isRetired = true;
    if (this.#openCalls === 0) this.close();
  }

  /** Ends the connection; its calls fail at once. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#client?.then((client) => client.close()).catch(() => {});
    for (const { take } of this.#turns.splice(0)) take();
  }

  #load(): Promise<PubSubClient> {
    this.#client ??= this.#open().catch((error) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  /** @throws when the call must not leave any more */
  #check(sending: Sending): void {
    sending.check();
    if (this.isClosed) throw new CallError(Status.UNAVAILABLE, "The connection was given up");
  }

  async #ask(): Promise<boolean> {
    const client = await Promise.race([this.#client, undefined]);
    if (!client?.isConnected()) return !this.isSilent;
    const isAlive = await client.ping(SILENCE_MS);
    if (isAlive) this.#heardAt = performance.now();
    return isAlive;
  }

  #hear(): void {
    this.#silentSince = undefined;
    this.#heardAt = performance.now();
  }

  /** @returns false when the call was cancelled meanwhile; it has no turn then */
  #waitForTurn(sending: Sending): Promise<boolean> {
    return new Promise((resolve) => {
      this.#turns.push({ sending, take: () => resolve(true) });
      sending.onCancel(() => resolve(false));
    });
  }

  #passTurn(): void {
    let next = this.#turns.shift();
    while (next?.sending.isCancelled) next = this.#turns.shift();
    if (next) next.take();
    else this.#openCalls--;
    if (this.#isRetired && this.#openCalls === 0) this.close();
  }
}
