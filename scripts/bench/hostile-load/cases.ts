import { setTimeout as sleep } from "node:timers/promises";
import { RawHttp } from "../../testing/raw-http.ts";
import * as bodies from "./bodies.ts";
import { toPieces } from "./bodies.ts";
import { longBodies, toManyValues } from "./long-bodies.ts";

const MIB = 1024 * 1024;

/** What Pub/Sub does meanwhile. */
export type PubSubState = "answers" | "hangs" | "does not read";

/** One way to ask more of an instance than it can hold. */
export interface HostileCase {
  readonly name: string;
  readonly pubsub: PubSubState;
  /** Sent to a function with the event types of `judged-domain.ts`. */
  readonly isJudged?: true;
  /** One request at a time: how long the thread is held is the doing of one. */
  readonly isAlone?: true;
  /** Sends everything to the function at this port. @returns the status of each answer that came */
  readonly send: (port: number) => Promise<readonly number[]>;
}

/** How a client sends. */
interface Sending {
  /** Pieces of bytes, which may come from a generator. */
  readonly pieces: Iterable<Buffer>;
  /** Requests that the pieces are. */
  readonly requests?: number;
  /** As fast as the other side reads, if not given. */
  readonly bytesPerSecond?: number;
  /** Reads nothing, and goes away after so long. */
  readonly deafForMs?: number;
}

/**
 * Sends bytes over a connection of its own.
 *
 * @returns the status of each answer that came before the connection closed
 */
export async function sendRaw(port: number, sending: Sending): Promise<readonly number[]> {
  const { pieces, requests = 1, bytesPerSecond, deafForMs } = sending;
  const client = await RawHttp.open(port);
  let statuses: readonly number[] = [];
  if (deafForMs === undefined) {
    void client.send(pieces, bytesPerSecond);
    statuses = await client.statuses(requests);
  } else {
    client.socket.pause();
    await Promise.race([client.send(pieces, bytesPerSecond), sleep(deafForMs)]);
    await sleep(deafForMs);
  }
  client.close();
  return statuses;
}

/** Connections that send one request each, all at once. */
function atOnce(
  count: number,
  makeBodies: () => (i: number) => bodies.RequestBody,
  options: Pick<Sending, "bytesPerSecond" | "deafForMs"> = {},
): HostileCase["send"] {
  return async (port) => {
    const toBody = makeBodies();
    const sent = Array.from({ length: count }, (_, i) => sendRaw(port, { pieces: toPieces(toBody(i)), ...options }));
    return (await Promise.all(sent)).flat();
  };
}

/** Connections that send many requests each, without waiting for an answer. */
function pipelined(
  connections: number,
  count: number,
  makeBodies: () => (i: number) => bodies.RequestBody,
  options: Pick<Sending, "deafForMs"> = {},
): HostileCase["send"] {
  return async (port) => {
    const toBody = makeBodies();
    function* pieces() {
      for (let i = 0; i < count; i++) yield* toPieces(toBody(i));
    }
    const sent = Array.from({ length: connections }, () =>
      sendRaw(port, { pieces: pieces(), requests: count, ...options }),
    );
    return (await Promise.all(sent)).flat();
  };
}

const always = (body: bodies.RequestBody) => () => body;

const onLoad: readonly Omit<HostileCase, "pubsub">[] = [
  { name: "80 events of 8.9 MiB", send: atOnce(80, () => bodies.events()) },
  { name: "80 events of 8.9 MiB and 9,999 values", send: atOnce(80, () => always(toManyValues())) },
  { name: "80 events of 8.9 MiB, chunked", send: atOnce(80, () => bodies.chunkedEvents()) },
  { name: "80 events of 8.9 MiB, gzip", send: atOnce(80, () => bodies.gzipEvents("monotone")) },
  { name: "80 events of 8.9 MiB, gzip of noise", send: atOnce(80, () => bodies.gzipEvents("noise")) },
  { name: "80 events of 8.9 MiB, brotli of 100 bytes", send: atOnce(80, bodies.brotliEvents) },
  {
    name: "80 events of 8.9 MiB, at 600 kB/s each",
    send: atOnce(80, () => bodies.events(), { bytesPerSecond: 600_000 }),
  },
  { name: "80 gzip batches of 9.9 MiB", send: atOnce(80, bodies.gzipBatches) },
  { name: "60 events of 8.9 MiB on one connection", send: pipelined(1, 60, () => bodies.events()) },
  {
    name: "16,000 answers of 130 kB on 40 connections that read none",
    send: pipelined(40, 400, bodies.batchesOfNothing, { deafForMs: 8000 }),
  },
  { name: "80 events of 100 kB in chunks of a byte", send: atOnce(80, () => bodies.chunkedEvents(100_000, 1)) },
];

const onFault: readonly Omit<HostileCase, "pubsub">[] = [
  { name: "10 events of 8.9 MiB", send: atOnce(10, () => bodies.events()) },
  { name: "80 events of 1.1 MiB", send: atOnce(80, () => bodies.events(1.1 * MIB)) },
  { name: "500 events of 100 kB", send: atOnce(500, () => bodies.events(100_000)) },
  { name: "80 batches of 9.9 MiB with one valid event", send: atOnce(80, bodies.batchesOfOneValid) },
];

/** What one request does to the thread. */
const onThread: readonly Omit<HostileCase, "pubsub">[] = longBodies.map(([name, make]) => ({
  name: `one after the other: ${name}`,
  isAlone: true,
  ...(name.includes("records") && { isJudged: true }),
  send: async (port) => {
    const body = make();
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push(...(await sendRaw(port, { pieces: toPieces(body) })));
    return statuses;
  },
}));

/** The ways that have taken instances down, or held up everybody else. */
export const hostileCases: readonly HostileCase[] = [
  ...[...onLoad, ...onThread].map((item) => ({ ...item, pubsub: "answers" as const })),
  ...(["hangs", "does not read"] as const).flatMap((pubsub) => onFault.map((item) => ({ ...item, pubsub }))),
];
