/**
 * Makes a function that answers with what `read` answered last, if that was asked for no longer than `ms` ago.
 *
 * Callers at the same time share one call of `read`. A failure is theirs, and not kept: the next caller asks again.
 *
 * @param ms milliseconds
 */
export function reuseFor<T>(ms: number, read: () => Promise<T>): () => Promise<T> {
  let last: Promise<T> | undefined;
  let readAt = 0;
  return () => {
    const now = Date.now();
    if (last && now - readAt <= ms) return last;
    const current = read();
    readAt = now;
    last = current;
    current.catch(() => {
      if (last === current) last = undefined;
    });
    return current;
  };
}
