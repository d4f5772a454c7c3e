import { randomUUID } from "node:crypto";
import { domains, type FunctionName } from "../../../shared/events/registry.ts";
import { askLocalStack } from "../../common/local-url.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { openSubscription } from "../../pubsub/open-subscription.ts";
import type { Subject } from "./subject.ts";

interface Info {
  readonly pubsub: string;
  readonly project: string;
}

/**
 * The functions of a local stack.
 *
 * @param url the stack's front, which says where its Pub/Sub is
 * @throws UsageError where no stack answers there
 */
export async function findLocalSubjects(url: string, names: readonly FunctionName[]): Promise<Subject[]> {
  const base = url.replace(/\/$/, "");
  const { pubsub, project } = (await askLocalStack(base, "/console/info")) as Info;
  const shards = Number(process.env.ORDERING_KEY_SHARDS || 0);
  return names.map((name) => ({
    name,
    url: `${base}/${name}`,
    token: undefined,
    shards,
    async listen(filter, onMessage) {
      const admin = connectPubSub(pubsub, project);
      const subscription = `verify-${randomUUID()}`;
      await admin.createSubscription(subscription, domains[name].topic, { ordered: true, filter });
      const reader = openSubscription(pubsub, project, subscription, onMessage);
      return {
        async close() {
          reader.close();
          await admin.deleteSubscription(subscription);
          admin.close();
        },
      };
    },
  }));
}
