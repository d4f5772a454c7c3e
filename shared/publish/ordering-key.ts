import { createHash } from "node:crypto";

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
  return `shard-${createHash("sha256").update(userId).digest().readUInt32BE(0) % shards}`;
}
