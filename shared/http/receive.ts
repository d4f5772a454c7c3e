import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { ByteCollector } from "./byte-collector.ts";
import type { Inflater } from "./inflate.ts";
import { Problem } from "./problem.ts";
import { watchProgress } from "./progress.ts";
import { type Lease, SMALL_BODY_BYTES } from "./room.ts";

/** How a body is read; see {@link receive}. */
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
 * @returns the bytes; perhaps none
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
  isPaused = false;
  readonly #request: IncomingMessage;
  readonly #receiving: Receiving;
  readonly #resolve: (body: Buffer) => void;
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
    receiving: Receiving,
    resolve: (body: Buffer) => void,
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
    this.#request.on("close", this.#onClose);
    this.#unwatch = watchProgress(this, this.#stop);
    this.#guard(() => {
      if (this.#declared > limit) throw tooLarge(limit);
      if (lease.failure) throw lease.failure;
      const isLarge = inflater ? inflater.windowBytes > 0 : this.#declared > SMALL_BODY_BYTES;
      const mostBytes = inflater ? limit : this.#declared;
      if (!isLarge) this.#read();
      else
        this.#reserve(mostBytes + (inflater?.windowBytes ?? 0), () => {
          this.#body.grow(mostBytes);
          this.#read();
        });
    });
  }

  /** Waits, without reading, until the room takes the body. */
  #reserve(bytes: number, onAdmitted: () => void): void {
    const { lease } = this.#receiving;
    this.isPaused = true;
    lease.reserve(bytes).then(
      () => {
        this.isPaused = false;
        if (!this.#isSettled) onAdmitted();
      },
      (error: unknown) => this.#stop(error),
    );
  }

  #read(): void {
    const { inflater, lease } = this.#receiving;
    lease.whenFailed(this.#stop);
    if (inflater) this.#openStream(inflater);
    lease.goOn?.();
    lease.goOn = undefined;
    this.#request.on("data", this.#onSent).on("end", this.#onEnd);
  }

  #openStream({ name, hint = "", open }: Inflater): void {
    this.#stream = open()
      .on("data", this.#onInflated)
      .on("drain", () => this.#request.resume())
      .on("end", () => {
        this.#isStreamEnded = true;
        this.#guard(() => this.#finish());
      })
      .on("error", () => this.#stop(new Problem("malformed_json", `The body is not valid ${name}${hint}.`)));
  }

  readonly #onSent = (chunk: Buffer) => {
    // What still arrives behind a problem is thrown away.
    if (this.#isSettled) return;
    this.#guard(() => {
      const { limit } = this.#receiving;
      this.received += chunk.length;
      if (this.received > limit) throw tooLarge(limit);
      if (this.#isStreamEnded) throw this.#trailing();
      if (!this.#stream) this.#add(chunk, this.#request);
      else if (!this.#stream.write(chunk)) this.#request.pause();
    });
  };

  readonly #onInflated = (chunk: Buffer) => this.#guard(() => this.#add(chunk, this.#stream as Transform));

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
      this.#reserve(limit, () => {
        lease.whenFailed(this.#stop);
        this.#body.grow(limit);
        this.#body.add(chunk, limit);
        source.resume();
      });
    }
  }

  readonly #onEnd = () => {
    if (this.#isSettled) return;
    this.#isRequestEnded = true;
    this.#stream?.end();
    this.#guard(() => this.#finish());
  };

  #finish(): void {
    if (!this.#isRequestEnded || (this.#stream && !this.#isStreamEnded) || this.#isSettled) return;
    if (this.#stream && this.#stream.bytesWritten < this.received) throw this.#trailing();
    this.#settle();
    const body = this.#body.take();
    this.#receiving.lease.settle(body.length);
    this.#resolve(body);
  }

  readonly #onClose = () => {
    if (!this.#isRequestEnded) this.#stop(new Problem("malformed_request", "The body ended before it was complete."));
  };

  /** Takes a step of the reading; a problem that it throws ends it. */
  #guard(step: () => void): void {
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
    this.#receiving.lease.whenFailed(undefined);
    this.#stream?.off("data", this.#onInflated).destroy();
  }

  #trailing(): Problem {
    const name = this.#receiving.inflater?.name;
    return new Problem("malformed_json", `The body has bytes behind the end of its ${name}.`);
  }
}
