import type { ClientHttp2Session } from "node:http2";
import type { Client, Metadata } from "@grpc/grpc-js";
import { CallError, Status } from "./status.ts";

/** What we read of a channel, below what grpc-js declares. */
interface ChannelInternals {
  readonly internalChannel?: { doPick?(metadata: Metadata | undefined, info: object): Pick };
}

interface Pick {
  readonly subchannel: {
    getRealSubchannel?(): { readonly transport: { readonly session: ClientHttp2Session } | null };
  } | null;
  /** Why the channel cannot connect. */
  readonly status?: { readonly details: string } | null;
}

/** A connectivity state of grpc-js, by number alone: see `status.ts`. */
const SHUTDOWN = 4;

/**
 * Finds the HTTP/2 session by which a client's channel is connected.
 *
 * grpc-js shows it to nobody, and it is half of the cost of a call: of 115 µs CPU, 60 are the seven layers of objects that
 * grpc-js makes above the stream for what a publish has no use for (interceptors, filters, name resolution, retries, load
 * balancing). So the channel resolves, connects, reconnects and authenticates the server as ever, and calls go straight on
 * its session. A version of grpc-js that keeps it elsewhere publishes nothing, and `session.test.ts` fails.
 *
 * @returns undefined when the channel has no session that takes calls
 */
export function findSession(stub: Client): ClientHttp2Session | undefined {
  const session = pick(stub)?.subchannel?.getRealSubchannel?.().transport?.session;
  return session && !session.closed && !session.destroyed ? session : undefined;
}

/**
 * Connects where that is needed, and waits for the session.
 *
 * @throws {CallError} UNAVAILABLE when the channel cannot connect or is closed
 */
export async function waitForSession(stub: Client): Promise<ClientHttp2Session> {
  for (const channel = stub.getChannel(); ; ) {
    const session = findSession(stub);
    if (session) return session;
    const failure = pick(stub)?.status;
    if (failure) throw new CallError(Status.UNAVAILABLE, failure.details);
    const state = channel.getConnectivityState(true);
    if (state === SHUTDOWN) throw new CallError(Status.UNAVAILABLE, "The connection is closed");
    await new Promise((resolve) => channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, resolve));
  }
}

function pick(stub: Client): Pick | undefined {
  return (stub.getChannel() as ChannelInternals).internalChannel?.doPick?.(undefined, {});
}
