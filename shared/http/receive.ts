import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { ByteCollector } from "./byte-collector.ts";
import type { Inflater } from "./inflate.ts";
import { Problem } from "./problem.ts";
import { watchProgress } from "./progress.ts";
import { type Lease, SMALL_BODY_BYTES } from "./room.ts";

/** How a body is read; see {@link receive}. */
interface Receiving<T> {
  readonly lease: Lease;
  /** Bytes, as sent and as inflated. */
  readonly limit: number;
  readonly inflater: Inflater | undefined;
  /** Makes of the bytes what is wanted; a problem that it throws is that of the body. */
  readonly toResult: (bytes: Buffer) => T;
}

/**
 * Receives a body into one piece of memory, inflated. What the room does not yet take is not read: it waits in the sender's
 * socket.
 *
 * @throws {Problem} payload_too_large, malformed_json, request_timeout, overloaded, shutting_down, malformed_request
 */
export function receive<T>(request: IncomingMessage, receiving: Receiving<T>): Promise<T> {
  return new Promise((resolve, reject) => new Receiver(request, receiving, resolve, reject).start());
}

/** @param limit in bytes */
export function tooLarge(limit: number): Problem {
  return new Problem("payload_too_large", `The body must be at most ${limit} bytes, also when inflated.`);
}

class Receiver<T> {
  received = 0;
  readonly #request: IncomingMessage;
  readonly #receiving: Receiving<T>;
  readonly #resolve: (result: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #body = new ByteCollector();
  readonly #declared: number;
  #stream: (Transform & { readonly bytesWritten: number }) | undefined;
  #unwatch = () => {};
  #isRequestEnded = false;
  #isStreamEnded = false;
  #isSettled = false;

  constructor(
    request: IncomingMessage,
    receiving: Receiving<T>,
    resolve: (result: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#receiving = receiving;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#declared = Number(request.headers["content-length"] ?? Number.NaN);
  }

  start(): void {
    const { lease, limit, inflater } = this.#receiving;
    if (lease.failure) {
      this.#stop(lease.failure);
      return;
    }
    lease.onFailure = this.#stop;
    this.#unwatch = watchProgress(this, this.#stop);
    this.#request.on("close", () => {
      if (!this.#isRequestEnded) this.#stop(new Problem("malformed_request", "The body ended before it was complete."));
    });
    const isLarge = inflater ? inflater.windowBytes > 0 : this.#declared > SMALL_BODY_BYTES;
    const mostBytes = inflater ? limit : this.#declared;
    if (!isLarge) this.#read();
    else
      lease.reserve(mostBytes + (inflater?.windowBytes ?? 0), () => {
        this.#body.grow(mostBytes);
        this.#read();
      });
  }

  /** Whether it waits, without reading, until the room takes the body. */
  get isPaused(): boolean {
    return this.#receiving.lease.isWaiting;
  }

  #read(): void {
    const { inflater, lease } = this.#receiving;
    if (inflater) this.#openStream(inflater);
    lease.goOn?.();
    lease.goOn = undefined;
    this.#request
      .on("data", (chunk: Buffer) => this.#guard(() => this.#take(chunk)))
      .on("end", () => {
        this.#isRequestEnded = true;
        this.#stream?.end();
        this.#guard(() => this.#finish());
      });
  }

  #openStream({ name, hint = "", open }: Inflater): void {
    const stream = open();
    this.#stream = stream
      .on("data", (chunk: Buffer) => this.#guard(() => this.#add(chunk, stream)))
      .on("drain", () => this.#request.resume())
      .on("end", () => {
        this.#isStreamEnded = true;
        this.#guard(() => this.#finish());
      })
      .on("error", () => this.#stop(new Problem("malformed_json", `The body is not valid ${name}${hint}.`)));
  }

  #take(chunk: Buffer): void {
    const { limit } = this.#receiving;
    this.received += chunk.length;
    if (this.received > limit) throw tooLarge(limit);
    if (this.#isStreamEnded) throw this.#trailing();
    if (!this.#stream) this.#add(chunk, this.#request);
    else if (!this.#stream.write(chunk)) this.#request.pause();
  }

  #add(chunk: Buffer, source: IncomingMessage | Transform): void {
    const { lease, limit } = this.#receiving;
    const length = this.#body.length + chunk.length;
    if (length > limit) throw tooLarge(limit);
    if (lease.isLarge) this.#body.add(chunk, limit);
    else if (length <= SMALL_BODY_BYTES) {
      this.#body.add(chunk, this.#declared >= length && !this.#stream ? this.#declared : SMALL_BODY_BYTES);
      lease.hold(this.#body.capacity);
    } else {
      source.pause();
      lease.reserve(limit, () => {
        this.#body.grow(limit);
        this.#body.add(chunk, limit);
        source.resume();
      });
    }
  }

  #finish(): void {
    if (!this.#isRequestEnded || (this.#stream && !this.#isStreamEnded)) return;
    if (this.#stream && this.#stream.bytesWritten < this.received) throw this.#trailing();
    const body = this.#body.take();
    const { lease, toResult } = this.#receiving;
    lease.settle(body.length);
    const result = toResult(body);
    this.#settle();
    this.#resolve(result);
  }

  /** Takes a step of the reading; a problem that it throws ends it. What comes behind the end is thrown away. */
  #guard(step: () => void): void {
    if (this.#isSettled) return;
    try {
      step();
    } catch (error) {
      this.#stop(error);
    }
  }

  readonly #stop = (error: unknown) => {
    if (this.#isSettled) return;
    this.#settle();
    this.#body.clear();
    // A caller that is still sending reads its answer only afterwards.
    this.#request.resume();
    this.#reject(error);
  };

  #settle(): void {
    this.#isSettled = true;
    this.#unwatch();
    this.#receiving.lease.onFailure = undefined;
    this.#stream?.destroy();
  }

  #trailing(): Problem {
    const name = this.#receiving.inflater?.name;
    return new Problem("malformed_json", `The body has bytes behind the end of its ${name}.`);
  }
}
