import type { DefinedEvent, Domain } from "../../shared/events/domain.ts";
import { type MessageShape, type Picture, toPicture } from "../build/schemas/picture.ts";

/** One event type's contract: its picture, and where sources were at hand, the schemas that decide. */
export interface TypeContract {
  readonly picture: Picture;
  readonly event?: DefinedEvent;
}

/** The contract of a revision, by event type. */
export type Contract = ReadonlyMap<string, TypeContract>;

/**
 * Loads a contract from a registry's sources.
 *
 * @param registry URL of a `registry.ts`; beside it `message.ts`, where that revision had one
 * @throws Error when the sources cannot be loaded, or a schema has no counterpart in JSON Schema
 */
export async function loadContract(registry: URL, hasMessageShape = true): Promise<Contract> {
  const { domains } = (await import(registry.href)) as { domains: Readonly<Record<string, Domain>> };
  const shape = hasMessageShape ? ((await import(new URL("message.ts", registry).href)) as MessageShape) : undefined;
  const contract = new Map<string, TypeContract>();
  for (const domain of Object.values(domains)) {
    for (const event of Object.values(domain.events)) {
      try {
        contract.set(event.type, { picture: toPicture(domain, event, shape), event });
      } catch (error) {
        throw new Error(`${event.type} cannot be described: ${(error as Error).message}`);
      }
    }
  }
  return contract;
}
