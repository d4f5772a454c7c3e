import type { DefinedEvent, Domain } from "../../shared/events/domain.ts";
import { domains, type FunctionName } from "../../shared/events/registry.ts";

/** An event as a caller would send it. */
export type Sample = Readonly<Record<string, unknown>> & { readonly event_type: string; readonly payload: object };

/**
 * The sample of a function's first event type, for tests of what holds for every type: which ones there are is for the
 * registry's owners to change.
 */
export function sampleOf(name: FunctionName): Sample {
  const [event] = Object.values<DefinedEvent>((domains[name] as Domain).events);
  if (!event) throw new Error(`${name} takes no events.`);
  return event.sample as Sample;
}
