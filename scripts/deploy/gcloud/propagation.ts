import { setTimeout as sleep } from "node:timers/promises";
import { GcloudError } from "./gcloud.ts";

// An account, a grant or an API that was made a moment ago is not known everywhere for a minute or two, Google's own service
// agents for some more (https://cloud.google.com/iam/docs/access-change-propagation): what needs them fails until then. So does a
// deployment while one that was broken off here still goes on there.
const notKnownYet =
  /\bdoes not exist\b|has not been used in project|SERVICE_DISABLED|unable to queue the operation|Unable to retrieve the repository metadata|Service Agent \S+ must have permission to read the image|\b(might|may) take (a few|several|some) (minutes|time)\b/;

/** A permission that the caller lacks, whatever advice about waiting follows. */
const refused = /Permission '[^']+' denied|[Cc]aller is missing permission/;

/** Three and a half minutes in all. */
const usualDelays: readonly number[] = [2_000, 4_000, 8_000, 16_000, 30_000, 60_000, 90_000];

/** Whether a call failed for something that is not there yet, such as an API that has just been enabled. */
export function isNotKnownYet(error: unknown): boolean {
  return error instanceof GcloudError && notKnownYet.test(error.stderr) && !refused.test(error.stderr);
}

/**
 * Repeats a call that fails for what was made a moment ago. Any other failure, a refused permission too, is final.
 *
 * @param options.onWait is told before each pause
 * @param options.signal breaks it off
 * @param options.delays milliseconds between the attempts; a test waits less
 * @throws what the call threw last
 */
export async function withPropagation<T>(
  call: () => Promise<T>,
  {
    onWait,
    signal,
    delays = usualDelays,
  }: { onWait?: () => void; signal?: AbortSignal | undefined; delays?: readonly number[] | undefined } = {},
): Promise<T> {
  for (const delay of delays) {
    try {
      return await call();
    } catch (error) {
      if (!isNotKnownYet(error)) throw error;
      onWait?.();
      await sleep(delay, undefined, { signal });
    }
  }
  return call();
}
