import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { ByteCollector } from "./byte-collector.ts";
import type { Inflater, InflateStream } from "./inflate.ts";
import { Problem } from "./problem.ts";
import { unwatchProgress, watchProgress } from "./progress.ts";
import { type Lease, SMALL_BODY_BYTES } from "./room.ts";

/** How a body is read. */
interface Receiving {
  readonly lease: Lease;
  /** Bytes, as sent and as inflated. */
  readonly limit: number;
  readonly inflater: Inflater | undefined;
}

/**
 * Receives a body into one piece of memory, inflated. What the room does not yet take is not read: it waits in the sender's
 * socket.
 *
 * @throws {Problem} payload_too_large, malformed_json, request_timeout, overloaded, shutting_down, malformed_request
 */
export function receive(request: IncomingMessage, receiving: Receiving): Promise<Buffer> {
  return new Promise((resolve, reject) => new Receiver(request, receiving, resolve, reject).start());
}

/** @param limit in bytes */
export function tooLarge(limit: number): Problem {
  return new Problem("payload_too_large", `The body must be at most ${limit} bytes, also when inflated.`);
}

class Receiver {
  received = 0;
  readonly #request: IncomingMessage;
  readonly #receiving: Receiving;
  readonly #resolve: (body: Buffer) => void;
  readonly #reject: (problem: Problem) => void;
  readonly #body = new ByteCollector();
  /** Bytes that there will be; NaN where nobody knows. */
  readonly #expected: number;
  #stream: InflateStream | undefined;
  #isSettled = false;

  constructor(
    request: IncomingMessage,
    receiving: Receiving,
    resolve: (body: Buffer) => void,
    reject: (problem: Problem) => void,
  ) {
    this.#request = request;
    this.#receiving = receiving;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#expected = receiving.inflater ? Number.NaN : Number(request.headers["content-length"] ?? Number.NaN);
  }

  start(): void {
    const { lease, limit, inflater } = this.#receiving;
    if (lease.failure) {
      this.#reject(lease.failure);
      return;
    }
    lease.upload = this;
    watchProgress(this);
    const windowBytes = inflater?.windowBytes ?? 0;
    const isLarge = windowBytes > 0 || this.#expected > SMALL_BODY_BYTES;
    if (isLarge) lease.reserve((this.#expected || limit) + windowBytes, () => this.#read());
    else this.#read();
  }

  /** Ends it before its end, unless that has come. What still arrives is thrown away. */
  stop(problem: Problem): void {
    if (this.#isSettled) return;
    this.#settle(0);
    this.#body.clear();
    if (this.#stream) this.#request.unpipe(this.#stream.destroy());
    // A caller that is still sending reads its answer only afterwards.
    this.#request.resume();
    this.#reject(problem);
  }

  #read(): void {
    const { inflater, lease, limit } = this.#receiving;
    lease.goOn?.();
    lease.goOn = undefined;
    this.#request.on("data", (chunk: Buffer) => {
      this.received += chunk.length;
      if (this.received > limit) this.stop(tooLarge(limit));
      else if (!inflater) this.#add(chunk, this.#request);
    });
    if (inflater) this.#inflate(inflater);
    else this.#request.on("end", () => this.#finish());
  }

  #inflate({ name, hint = "", open }: Inflater): void {
    const malformed = (detail: string) => this.stop(new Problem("malformed_json", `The body ${detail}.`));
    const stream = open();
    this.#stream = stream
      .on("data", (chunk: Buffer) => this.#add(chunk, stream))
      .on("error", () => malformed(`is not valid ${name}${hint}`))
      .on("end", () => {
        if (stream.bytesWritten < this.received) malformed(`has bytes behind the end of its ${name}`);
        else this.#finish();
      });
    this.#request.pipe(stream);
  }

  #add(chunk: Buffer, source: Readable): void {
    if (this.#isSettled) return;
    const { lease, limit } = this.#receiving;
    const length = this.#body.length + chunk.length;
    if (length > limit) this.stop(tooLarge(limit));
    else if (lease.isLarge || length <= SMALL_BODY_BYTES) {
      this.#body.add(chunk, this.#expected || limit);
      if (!lease.isLarge && !lease.hold(this.#body.capacity)) this.stop(new Problem("overloaded"));
    } else {
      source.pause();
      lease.reserve(limit, () => {
        this.#body.add(chunk, limit);
        source.resume();
      });
    }
  }

  #finish(): void {
    if (this.#isSettled) return;
    const body = this.#body.take();
    this.#settle(body.length);
    this.#resolve(body);
  }

  /** @param bytes that are kept */
  #settle(bytes: number): void {
    this.#isSettled = true;
    unwatchProgress(this);
    this.#receiving.lease.settle(bytes);
  }
}
