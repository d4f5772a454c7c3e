import type { Config } from "../config.ts";
import type { Domain } from "../events/domain.ts";
import { Connection } from "./connection.ts";
import { type ConnectionSource, deliver } from "./deliver.ts";
import { PublishFailure } from "./failure.ts";
import { Lanes } from "./lanes.ts";
import { toOrderingKey } from "./ordering-key.ts";

/** The part of the publish budget after which a second attempt joins one that is not answered; see `deliver.ts`. */
const HEDGE_SHARE = 0.3;

/** One event as its user's: the publisher chooses the ordering key. */
export interface Publication {
  /** 1 to 1,024 bytes of UTF-8. */
  readonly userId: string;
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  /** The same object for all events of one batch: once one of them fails, its user's later ones are not attempted. */
  readonly batch?: object | undefined;
}

/** Publishes one domain's messages to its topic, in order per user; acknowledged or failed, never silent. */
export class Publisher implements ConnectionSource {
  readonly #config: Config;
  readonly #topic: string;
  readonly #lanes: Lanes;
  #connection: Connection | undefined;

  constructor(config: Config, domain: Pick<Domain, "topic" | "batching">) {
    this.#config = config;
    this.#topic = `projects/${config.GCP_PROJECT_ID}/topics/${domain.topic}`;
    const hedgeMs = config.PUBLISH_TIMEOUT_MS * HEDGE_SHARE;
    this.#lanes = new Lanes(domain.batching, (messages, deadline) => deliver(this, messages, deadline, hedgeMs));
  }

  /**
   * Publishes an event after all earlier ones of its user.
   *
   * @returns the message id that Pub/Sub acknowledged it with
   * @throws {PublishFailure} when it was not acknowledged within `PUBLISH_TIMEOUT_MS`, retries included
   */
  publish({ userId, data, attributes, batch }: Publication): Promise<string> {
    const orderingKey = toOrderingKey(userId, this.#config.ORDERING_KEY_SHARDS);
    const deadline = Date.now() + this.#config.PUBLISH_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      this.#lanes.add({ data, orderingKey, attributes, userId, batch, deadline, resolve, reject });
    });
  }

  /** Loads the client and connects ahead of the first publish. A failure shows, and is answered, at that publish. */
  warmUp(): void {
    this.current()
      .warmUp()
      .catch(() => {});
  }

  current(): Connection {
    this.#connection ??= new Connection(this.#config, this.#topic);
    return this.#connection;
  }

  replace(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.retire();
  }

  /** Fails what is still unacknowledged, as timed out, and closes the connection. */
  close(): void {
    this.#lanes.rejectAll(new PublishFailure("publish_timeout", "The instance ended before Pub/Sub acknowledged"));
    this.#connection?.retire();
    this.#connection = undefined;
  }
}
