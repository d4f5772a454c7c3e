import type { FunctionName } from "../../../shared/events/registry.ts";
import {
  describeShares,
  findTag,
  type Revision,
  readRevisions,
  readService,
  type Service,
  toShares,
  toTrafficCommand,
} from "../cloud-run/service.ts";
import { runGcloud } from "../gcloud/gcloud.ts";
import type { Target } from "../target.ts";
import { readIdToken } from "../verify/cloud-subjects.ts";
import { candidateTag } from "./next-step.ts";

/** The tag under which the revision to go back to is asked for its contract. */
const backTag = "back";
const healthTimeoutMs = 15_000;

/** A function, the revision that serves now, and the one to go back to. */
interface Way {
  readonly name: FunctionName;
  readonly from: string;
  readonly to: string;
  /** What each serves, as far as it is known. */
  readonly contracts: readonly [from: string | undefined, to: string | undefined];
}

/**
 * Sends all traffic of each function to the newest revision of another commit, or to where a gradual deployment came from. Both contracts are printed before anything changes.
 *
 * @param options.isSure whether another contract is meant
 * @returns 0 when it is done, 1 where a function has nothing to go back to, 2 where another contract needs a yes
 * @throws GcloudError where gcloud is refused
 */
export async function rollBack(
  names: readonly FunctionName[],
  target: Target,
  { isSure, account }: { isSure: boolean; account?: string | undefined },
): Promise<0 | 1 | 2> {
  const ways = await Promise.all(names.map((name) => findWay(name, target, account)));
  const found = ways.filter((way) => way !== undefined);
  for (const { name, from, to, contracts } of found) {
    const [now, then] = contracts.map((contract) => contract ?? "unknown");
    console.log(`${name}: ${from} has the contract ${now}, ${to} has ${then === now ? "the same" : then}`);
  }
  const isOther = found.some(({ contracts: [now, then] }) => now === undefined || now !== then);
  const isRefused = found.length < names.length || (isOther && !isSure);
  for (const { name, to } of found) {
    const share = isRefused ? [] : [`--to-revisions=${to}=100`];
    const tags = isRefused ? backTag : `${backTag},${candidateTag}`;
    await runGcloud(toTrafficCommand(name, target, ...share, `--remove-tags=${tags}`));
  }
  if (found.length < names.length) {
    console.error("nothing was changed; name the functions that are to go back");
    return 1;
  }
  if (isRefused) {
    console.error(
      "nothing was changed: callers and consumers would meet another contract; if that is meant, add --yes",
    );
    return 2;
  }
  for (const { name } of found) console.log(`${name} serves ${describeShares(await readService(name, target))}`);
  return 0;
}

async function findWay(name: FunctionName, target: Target, account: string | undefined): Promise<Way | undefined> {
  const [service, revisions] = await Promise.all([readService(name, target), readRevisions(name, target)]);
  // In a gradual deployment two serve: back is where it came from.
  const [from, before] = revisions.filter(({ metadata }) => service && toShares(service).has(metadata.name));
  const to = before ?? (from && findEarlier(revisions, from));
  if (service === undefined || from === undefined || to === undefined) {
    console.error(
      `${name}: there is no revision of another commit to go back to; serving now: ${describeShares(service)}`,
    );
    return undefined;
  }
  await runGcloud(toTrafficCommand(name, target, `--update-tags=${backTag}=${to.metadata.name}`));
  const tagged = (await readService(name, target)) ?? service;
  const tried = findTag(tagged, candidateTag);
  // The service's own URL leads to either of two that serve.
  const serving = tried?.revision === from.metadata.name ? tried.url : tagged.status?.url;
  const contracts = await readContracts(tagged, serving, account);
  return {
    ...{ name, from: from.metadata.name, to: to.metadata.name },
    // Who may not call the function still has the labels.
    contracts: [contracts[0] ?? from.metadata.labels?.contract, contracts[1] ?? to.metadata.labels?.contract],
  };
}

/**
 * Finds the revision to go back to: the newest of another commit that is older than the serving one; where its own commit is not
 * known, the one before.
 *
 * @param revisions newest first
 */
export function findEarlier(revisions: readonly Revision[], from: Revision): Revision | undefined {
  const earlier = revisions.slice(revisions.indexOf(from) + 1).filter(isReady);
  const { commit } = from.metadata.labels ?? {};
  if (commit === undefined) return earlier[0];
  const image = toImage(from);
  return earlier.find((revision) => {
    // A deployment makes a revision of the same image before the one that has its labels: with those of before, or none.
    const isSameImage = image !== undefined && toImage(revision) === image;
    return !isSameImage && revision.metadata.labels?.commit !== commit;
  });
}

function toImage({ spec }: Revision): string | undefined {
  return spec?.containers?.[0]?.image;
}

function isReady({ status }: Revision): boolean {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status !== "False";
}

/** Asks `/health` of the serving revision, at its URL, and of the tagged one; undefined where one does not answer. */
async function readContracts(service: Service, serving: string | undefined, account: string | undefined) {
  const url = service.status?.url;
  if (url === undefined) return [undefined, undefined] as const;
  const token = await readIdToken(url, account).catch(() => undefined);
  const ask = async (base: string | undefined): Promise<string | undefined> => {
    if (base === undefined) return undefined;
    try {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await fetch(`${base}/health`, { headers, signal: AbortSignal.timeout(healthTimeoutMs) });
      return ((await answer.json()) as { contract?: string }).contract;
    } catch {
      return undefined;
    }
  };
  return Promise.all([ask(serving), ask(findTag(service, backTag)?.url)]);
}
