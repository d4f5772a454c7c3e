import { explainFailure } from "./gcloud/explain-failure.ts";
import { applyResource, type Resource } from "./resources/resource.ts";
import type { Target } from "./target.ts";

/**
 * Maps items with an asynchronous function, at most so many at a time, in order of the items.
 *
 * @param limit how many run at once; each gcloud is a Python process of some 100 MB
 */
export async function inParallel<TItem, TResult>(
  items: readonly TItem[],
  limit: number,
  run: (item: TItem) => Promise<TResult>,
): Promise<TResult[]> {
  const results: TResult[] = [];
  const queue = items.entries();
  const work = async () => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
}

/** Resources that do not need each other; each stage needs the ones before it. */
export type Stage = readonly Resource[];

/** Four gcloud processes at once keep the whole run under half a minute. */
export const gcloudProcesses = 4;

/** What became of a run so far. */
export interface Progress {
  readonly done: string[];
  readonly failed: string[];
}

/**
 * Applies stage after stage, and prints each outcome. Within a stage a failure does not keep the others from being tried;
 * after one that failed, nothing is.
 */
export async function applyStages(stages: readonly Stage[], target: Target, { done, failed }: Progress): Promise<void> {
  for (const stage of stages) {
    if (failed.length > 0) return;
    await inParallel(stage, gcloudProcesses, async (resource) => {
      try {
        console.log(`${resource.name}: ${await applyResource(resource)}`);
        done.push(resource.name);
      } catch (error) {
        console.error(`${resource.name}: FAILED: ${await explainFailure(error, target)}`);
        failed.push(resource.name);
      }
    });
  }
}
