import { type EmbeddedPubSub, startEmbeddedPubSub } from "./embedded/server.ts";
import { Faults } from "./faults.ts";
import { startPublishProxy } from "./publish-proxy.ts";

/** An embedded server behind a publish proxy. */
export interface FaultyPubSub extends Omit<EmbeddedPubSub, "backlogs"> {
  /** What shall go wrong with publish calls. */
  readonly faults: Faults;
}

/** Starts an embedded server whose publish calls fail as told; its counts have the failed calls too. */
export async function startFaultyPubSub(): Promise<FaultyPubSub> {
  const server = await startEmbeddedPubSub();
  const faults = new Faults();
  let publishRequests = 0;
  const proxy = await startPublishProxy(
    server.endpoint,
    (_, request) => faults.take(request),
    ({ status }) => {
      if (status === "") publishRequests++;
    },
  );
  return {
    endpoint: proxy.endpoint,
    faults,
    stats: () => ({ ...server.stats(), publishRequests }),
    async close() {
      await proxy.close();
      await server.close();
    },
  };
}
