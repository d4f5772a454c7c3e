import type { Config } from "../config.ts";
import type { Domain } from "../events/domain.ts";
import { Connection } from "./connection.ts";
import { Credentials } from "./credentials.ts";
import { deliver } from "./delivery.ts";
import { toEnded } from "./failure.ts";
import { openPubSubClient } from "./grpc/client.ts";
import { PublishRequest } from "./grpc/codec.ts";
import { fetchToken } from "./grpc/token.ts";
import { type Batch, Lanes } from "./lanes.ts";
import { Lines } from "./lines.ts";
import { toOrderingKey } from "./ordering-key.ts";

/** The part of the publish budget after which an attempt that is not answered is looked after; see `delivery.ts`. */
const PATIENCE_SHARE = 0.3;

/** A batch is bulk when it has more events than this: small ones must not wait for it. */
const BULK_EVENTS = 100;

/** One event as its user's: the publisher chooses the ordering key. */
export interface Publication {
  /** 1 to 1,024 bytes of UTF-8. */
  readonly userId: string;
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  /** The same object for all events of one batch: once one of them fails, its user's later ones are not attempted. */
  readonly batch?: Batch | undefined;
}

/** Publishes one domain's messages to its topic, in order per user; acknowledged or failed, never silent. */
export class Publisher {
  readonly #config: Config;
  readonly #lanes: Lanes;
  readonly #lines: Lines;

  constructor(config: Config, domain: Pick<Domain, "topic">) {
    this.#config = config;
    const topic = `projects/${config.GCP_PROJECT_ID}/topics/${domain.topic}`;
    const patienceMs = config.PUBLISH_TIMEOUT_MS * PATIENCE_SHARE;
    const credentials = new Credentials(() => fetchToken(config), patienceMs);
    this.#lines = new Lines((maxCalls) => new Connection(() => openPubSubClient(config, topic), credentials, maxCalls));
    this.#lanes = new Lanes((messages, deadline) => {
      const request = new PublishRequest(topic, messages);
      return deliver(this.#lines.choose(request.dataBytes, messages.every(isBulk)), request, deadline, patienceMs);
    });
  }

  /**
   * Publishes an event after all earlier ones of its user.
   *
   * @returns the message id that Pub/Sub acknowledged it with
   * @throws {PublishFailure} when it was not acknowledged within `PUBLISH_TIMEOUT_MS`, retries included
   */
  publish({ userId, data, attributes, batch }: Publication): Promise<string> {
    const orderingKey = toOrderingKey(userId, this.#config.ORDERING_KEY_SHARDS);
    const deadline = performance.now() + this.#config.PUBLISH_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      this.#lanes.add({ data, orderingKey, attributes, userId, batch, deadline, resolve, reject });
    });
  }

  /** Loads the client and connects ahead of the first publish. A failure shows, and is answered, at that publish. */
  warmUp(): void {
    this.#lines.warmUp();
  }

  /** Fails what is still unacknowledged, as timed out, and closes the connections. */
  close(): void {
    this.#lanes.rejectAll(toEnded());
    this.#lines.close();
  }
}

function isBulk({ batch }: { readonly batch: Batch | undefined }): boolean {
  return batch !== undefined && batch.events > BULK_EVENTS;
}
