// biome-ignore-all lint/performance/noBarrelFile: a package has one entry, which names all that callers may use.
export type {
  AbortSignalLike,
  Accepted,
  Client,
  ClientOptions,
  Fetch,
  Retry,
  Sender,
  SenderOptions,
  SendOptions,
  SendResult,
  TokenSource,
  WaitOptions,
} from "./api.ts";
export { createClient } from "./client.ts";
export { createSender } from "./create-sender.ts";
export { AbortError, type FieldError, RefusedError, type SendError, UnavailableError } from "./errors.ts";
export type { EventOfType, PulseCartEvent } from "./event-unions.ts";
export type { EventOf, EventType, FunctionName } from "./events.ts";
