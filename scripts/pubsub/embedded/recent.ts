import { type PubSubMessage, toMs } from "../protocol.ts";

/** Of a message: its objects, its place, its short texts. */
const BYTES_OF_MESSAGE = 1000;

/** How much is kept; beyond any of these the oldest go. */
interface Limits {
  readonly messages: number;
  readonly bytes: number;
  /** Since it was published. */
  readonly ms: number;
}

/** The latest messages, within limits; the very latest is kept whatever its size. */
export class Recent {
  readonly #limits: Limits;
  #onDrop: () => void;
  #messages: (PubSubMessage | undefined)[] = [];
  #start = 0;
  #bytes = 0;

  /** @param onDrop is told once that older ones go from now on */
  constructor(limits: Limits, onDrop = () => {}) {
    this.#limits = limits;
    this.#onDrop = onDrop;
  }

  add(message: PubSubMessage): void {
    const { messages, bytes, ms } = this.#limits;
    const oldest = toMs(message.publishTime) - ms;
    // A copy, as it may stay for days: the bytes as they came hold on to all that was read from the network with them.
    this.#messages.push({ ...message, data: Buffer.from(message.data) });
    this.#bytes += BYTES_OF_MESSAGE + message.data.length;
    while (this.length > 1) {
      const first = this.#messages[this.#start] as PubSubMessage;
      if (this.length <= messages && this.#bytes <= bytes && toMs(first.publishTime) >= oldest) break;
      this.#bytes -= BYTES_OF_MESSAGE + first.data.length;
      this.#messages[this.#start] = undefined;
      this.#start += 1;
      this.#onDrop();
      this.#onDrop = () => {};
    }
    // Not at each message: moving ten thousand of them is work.
    if (this.#start > messages) {
      this.#messages = this.#messages.slice(this.#start);
      this.#start = 0;
    }
  }

  list(): PubSubMessage[] {
    return this.#messages.slice(this.#start) as PubSubMessage[];
  }

  get length(): number {
    return this.#messages.length - this.#start;
  }
}
