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
