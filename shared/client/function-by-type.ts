import type { Domain } from "../events/domain.ts";
import { domains } from "../events/registry.ts";
import type { FunctionName } from "./events.ts";

/** Which function takes an event type. `npm run build` puts the finished map in this file's place, without valibot. */
export const functionByType: ReadonlyMap<string, FunctionName> = new Map(
  Object.entries<Domain>(domains).flatMap(([name, { events }]) =>
    Object.keys(events).map((type) => [type, name as FunctionName] as const),
  ),
);
