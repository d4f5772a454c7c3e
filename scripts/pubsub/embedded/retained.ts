import { type PubSubMessage, toMs } from "../protocol.ts";

const MOST_MESSAGES = 10_000;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_MS = 10 * 60_000;

/**
 * What a topic keeps of what was published, acknowledged or not, so that a subscription can be wound back: the last 10,000
 * messages of the last ten minutes, or fewer where they are larger than 256 MiB together.
 */
export class Retained {
  #messages: (PubSubMessage | undefined)[] = [];
  #start = 0;
  #bytes = 0;

  add(message: PubSubMessage): void {
    this.#messages.push(message);
    this.#bytes += message.data.length;
    const oldest = toMs(message.publishTime) - MOST_MS;
    for (let first = this.#first; first !== undefined && this.#isSurplus(first, oldest); first = this.#first) {
      this.#bytes -= first.data.length;
      this.#messages[this.#start] = undefined;
      this.#start += 1;
    }
    // Not at each message: moving ten thousand of them is work.
    if (this.#start < MOST_MESSAGES) return;
    this.#messages = this.#messages.slice(this.#start);
    this.#start = 0;
  }

  list(): PubSubMessage[] {
    return this.#messages.slice(this.#start) as PubSubMessage[];
  }

  get #first(): PubSubMessage | undefined {
    return this.#messages[this.#start];
  }

  #isSurplus({ publishTime }: PubSubMessage, oldest: number): boolean {
    const isTooMuch = this.#messages.length - this.#start > MOST_MESSAGES || this.#bytes > MOST_BYTES;
    return isTooMuch || toMs(publishTime) < oldest;
  }
}
