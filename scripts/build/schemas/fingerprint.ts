import { createHash } from "node:crypto";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { toCanonicalJson } from "./json-schema.ts";
import { toPicture } from "./picture.ts";

/**
 * The fingerprint of one function's contract: what `/health`, the start line and the deployed function's label show.
 *
 * @param functionName the domain's name
 * @returns the first 16 hex digits of a SHA-256 over the canonical JSON of the pictures of its event types
 * @throws Error when there is no such function
 */
export function contractFingerprint(functionName: string): string {
  const domain = (domains as Readonly<Record<string, Domain>>)[functionName];
  if (!domain) throw new Error(`There is no function ${functionName} in shared/events/registry.ts.`);
  const pictures = Object.fromEntries(
    Object.values(domain.events).map((event) => [event.type, toPicture(domain, event)]),
  );
  return createHash("sha256").update(toCanonicalJson(pictures)).digest("hex").slice(0, 16);
}
