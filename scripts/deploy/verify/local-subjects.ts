import { randomUUID } from "node:crypto";
import { domains, type FunctionName } from "../../../shared/events/registry.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { openSubscription } from "../../pubsub/open-subscription.ts";
import { CannotVerifyError, type Subject } from "./subject.ts";

interface Info {
  readonly pubsub: string;
  readonly project: string;
}

/**
 * The functions of a local stack.
 *
 * @param url the stack's front, which says where its Pub/Sub is
 * @throws CannotVerifyError where no stack answers there
 */
export async function findLocalSubjects(url: string, names: readonly FunctionName[]): Promise<Subject[]> {
  const base = url.replace(/\/$/, "");
  const { pubsub, project } = await readInfo(base);
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

async function readInfo(base: string): Promise<Info> {
  const hint = "start the local stack with npm start, or give its URL: --local http://localhost:PORT";
  let info: Partial<Info>;
  try {
    const response = await fetch(`${base}/console/info`, { signal: AbortSignal.timeout(30_000) });
    info = (await response.json()) as Partial<Info>;
  } catch {
    throw new CannotVerifyError(`no local stack answers at ${base}; ${hint}`);
  }
  const { pubsub, project } = info;
  if (pubsub === undefined || project === undefined) {
    throw new CannotVerifyError(`${base}/console/info does not say where Pub/Sub is; ${hint}`);
  }
  return { pubsub, project };
}
