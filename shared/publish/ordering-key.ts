import { hash } from "node:crypto";

/**
 * Chooses the ordering key of a user's events.
 *
 * With shards, many users share a key, and so publish requests. Any publisher can compute the same: the first 4 bytes of
 * the SHA-256 of the user id's UTF-8, as a big-endian unsigned number, modulo the number of shards.
 *
 * @param userId 1 to 1,024 bytes of UTF-8
 * @param shards `ORDERING_KEY_SHARDS`; 0 gives each user a key of its own
 */
export function toOrderingKey(userId: string, shards: number): string {
  if (shards === 0) return userId;
  // In one call, and by way of text: a quarter of what `createHash` and a buffer cost.
  return `shard-${Number.parseInt(hash("sha256", userId, "hex").slice(0, 8), 16) % shards}`;
}
