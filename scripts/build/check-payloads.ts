import type { Domain } from "../../shared/events/domain.ts";
import { compileEvent } from "../../shared/ingest/projection/contract.ts";

/**
 * Lists the schemas that the functions could not work with: they would fail at the first event of their type.
 *
 * @returns one line an event type: its name, the path, and what is wrong there
 */
export function listUnsupported(domains: Readonly<Record<string, Domain>>): string[] {
  return Object.values(domains)
    .flatMap((domain) => Object.values(domain.events))
    .flatMap((event) => {
      try {
        compileEvent(event, "registry");
        return [];
      } catch (error) {
        return `${event.type}: ${error instanceof Error ? error.message : String(error)}`;
      }
    });
}
