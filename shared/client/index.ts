// biome-ignore-all lint/performance/noBarrelFile: a package has one entry, which names all that callers may use.
// biome-ignore-all lint/performance/noReExportAll: api.ts is what callers may use.
export type * from "./api.ts";
export { createClient } from "./client.ts";
export { createSender } from "./create-sender.ts";
export { AbortError, type FieldError, RefusedError, type SendError, UnavailableError } from "./errors.ts";
export type { EventOfType, PulseCartEvent } from "./event-unions.ts";
export type { EventOf, EventType, FunctionName } from "./events.ts";
