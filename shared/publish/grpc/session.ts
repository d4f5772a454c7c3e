import type { ClientHttp2Session } from "node:http2";
import type { Client, Metadata } from "@grpc/grpc-js";

/** What we read of a channel, below what grpc-js declares. */
interface ChannelInternals {
  readonly internalChannel?: {
    doPick?(metadata: Metadata | undefined, info: object): { readonly subchannel: PickedSubchannel | null };
  };
}

interface PickedSubchannel {
  getRealSubchannel?(): { readonly transport: { readonly session: ClientHttp2Session } | null };
}

/**
 * Finds the HTTP/2 session by which a client's channel is connected.
 *
 * grpc-js shows it to nobody, and it is half of the cost of a call: of 115 µs CPU, 60 are the seven layers of objects that
 * grpc-js makes above the stream for what a publish has no use for (interceptors, filters, name resolution, retries, load
 * balancing). So the channel resolves, connects, reconnects and authenticates the server as ever, and calls go straight on
 * its session. Where there is none, as while it connects or when another version of grpc-js keeps it elsewhere, callers
 * take the client's own call instead; `session.test.ts` notices the latter.
 *
 * @returns undefined when the channel has no session that takes calls
 */
export function findSession(stub: Client): ClientHttp2Session | undefined {
  const { internalChannel } = stub.getChannel() as ChannelInternals;
  const session = internalChannel?.doPick?.(undefined, {}).subchannel?.getRealSubchannel?.().transport?.session;
  return session && !session.closed && !session.destroyed ? session : undefined;
}
