import type { ConsoleMessage } from "./protocol.ts";

/** The latest messages, as far as they are within limits of their number and of their bodies' length. */
export class RecentMessages {
  readonly #most: number;
  readonly #mostCharacters: number;
  #messages: ConsoleMessage[] = [];
  #characters = 0;

  /** @param mostCharacters of all bodies together */
  constructor(most: number, mostCharacters: number) {
    this.#most = most;
    this.#mostCharacters = mostCharacters;
  }

  /** Oldest first. */
  get messages(): readonly ConsoleMessage[] {
    return this.#messages;
  }

  /** @returns how many older messages it took the place of */
  push(message: ConsoleMessage): number {
    this.#messages.push(message);
    this.#characters += message.body.length;
    let dropped = 0;
    while (this.#messages.length > this.#most || this.#characters > this.#mostCharacters) {
      this.#characters -= this.#messages.shift()?.body.length ?? 0;
      dropped += 1;
    }
    return dropped;
  }

  /** Empties it. @returns what was in it, oldest first */
  take(): readonly ConsoleMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#characters = 0;
    return messages;
  }
}
