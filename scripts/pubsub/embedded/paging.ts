import type { Page } from "../protocol.ts";
import { invalidArgument } from "./rpc-error.ts";

const LARGEST_PAGE = 1000;

/**
 * Cuts a page out of a list, in the order of the names, as the service has it.
 *
 * @returns the page, and the token of the next one where there is one
 * @throws {RpcError} INVALID_ARGUMENT for a token that is none of ours
 */
export function toPage<T>(
  items: readonly T[],
  toName: (item: T) => string,
  { pageSize = 0, pageToken = "" }: Page,
): { readonly page: T[]; readonly nextPageToken?: string } {
  const sorted = [...items].sort((a, b) => (toName(a) < toName(b) ? -1 : 1));
  const after = Buffer.from(pageToken, "base64url").toString();
  if (pageToken !== "" && !after.startsWith("projects/")) throw invalidArgument("Invalid page token given.");
  const rest = sorted.filter((item) => toName(item) > after);
  const page = rest.slice(0, pageSize > 0 ? Math.min(pageSize, LARGEST_PAGE) : LARGEST_PAGE);
  const last = page.at(-1);
  const hasMore = last !== undefined && page.length < rest.length;
  return { page, ...(hasMore && { nextPageToken: Buffer.from(toName(last)).toString("base64url") }) };
}
