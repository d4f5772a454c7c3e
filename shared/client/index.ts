// biome-ignore-all lint/performance/noBarrelFile: a package has one entry, which names all that callers may use.
export type {
  AbortSignalLike,
  Accepted,
  Client,
  ClientOptions,
  PulseCartEvent,
  Sender,
  SenderOptions,
  SendOptions,
  SendResult,
  TokenSource,
} from "./api.ts";
export { createClient } from "./client.ts";
export { AbortError, type FieldError, RefusedError, UnavailableError } from "./errors.ts";
export type { EventOf, EventType, FunctionName } from "./events.ts";
export { googleIdToken } from "./google-id-token.ts";
export { createSender } from "./sender.ts";
