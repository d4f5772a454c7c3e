import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { domains, type FunctionName } from "../../../shared/events/registry.ts";
import { askLocalStack } from "../../common/local-url.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { openSubscription } from "../../pubsub/open-subscription.ts";
import { explainFailure } from "../gcloud/explain-failure.ts";
import { findCloudSubjects } from "./cloud-subjects.ts";
import type { Subject } from "./subject.ts";
import { closeListeners, verifyFunction } from "./verify-function.ts";
import type { Where } from "./verify-options.ts";

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

const signals = ["SIGINT", "SIGTERM"] as const;

/** What a verification ends with: all promises hold, one is broken, it could not be found out. */
type ExitCode = 0 | 1 | 2;

/**
 * Verifies functions side by side and prints what was found out.
 *
 * @param options.signal breaks it off, cleaned up, with 2; without one a Ctrl-C does, and ends the process
 * @returns the exit code; a broken promise counts for more than what could not be found out
 */
export async function runVerification(
  where: Where,
  names: readonly FunctionName[],
  { signal }: { signal?: AbortSignal } = {},
): Promise<ExitCode> {
  const explain = (error: unknown) =>
    where.kind === "cloud" ? explainFailure(error, where.target) : Promise.resolve((error as Error).message);
  let subjects: readonly Subject[];
  try {
    subjects =
      where.kind === "local"
        ? await findLocalSubjects(where.url, names)
        : await findCloudSubjects(where.target, names, where);
  } catch (error) {
    console.error(await explain(error));
    return 2;
  }
  if (signal === undefined) for (const name of signals) process.once(name, endEarly);
  const verified = Promise.all(
    subjects.map(async (subject): Promise<ExitCode> => {
      try {
        const verdict = await verifyFunction(subject);
        console.log([`\n${subject.name}  ${subject.url}`, ...verdict.toLines().map((line) => `  ${line}`)].join("\n"));
        return verdict.isKept ? 0 : 1;
      } catch (error) {
        console.error(`\n${subject.name}  ${subject.url}\n  could not be verified: ${await explain(error)}`);
        return 2;
      }
    }),
  );
  const broken = signal && once(signal, "abort").then(() => closeListeners());
  const codes = (await Promise.race([verified, ...(broken ? [broken] : [])])) ?? [2];
  if (signal === undefined) for (const name of signals) process.off(name, endEarly);
  return codes.includes(1) ? 1 : codes.includes(2) ? 2 : 0;
}

/** Whoever breaks it off leaves no subscription behind. */
function endEarly(): void {
  closeListeners().finally(() => process.exit(2));
}
