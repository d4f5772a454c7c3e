import type { domains } from "../events/registry.ts";

// The types of the registry. `npm run build` puts types without valibot in their place, see scripts/build/client/.

export type { EventOf, EventType } from "../events/registry.ts";

/** The functions that take events, by the names under which they are deployed. */
export type FunctionName = keyof typeof domains;
