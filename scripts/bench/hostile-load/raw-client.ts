import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a client waits for what is missing of its answers. */
const TIMEOUT_MS = 60_000;

/** How a client sends. */
export interface Sending {
  /** Pieces of bytes, which may come from a generator; back pressure holds the next piece back. */
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
export async function sendRaw(port: number, sending: Sending): Promise<number[]> {
  const { pieces, requests = 1, bytesPerSecond, deafForMs } = sending;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const statuses: number[] = [];
  socket.on("error", () => {});
  if (deafForMs !== undefined) {
    await Promise.race([write(socket, pieces, bytesPerSecond), sleep(deafForMs)]);
    await sleep(deafForMs);
    socket.destroy();
    return statuses;
  }
  const answered = new Promise<void>((resolve) => {
    socket.on("close", resolve);
    readStatuses(socket, (status) => {
      statuses.push(status);
      if (statuses.length === requests) resolve();
    });
  });
  const timer = setTimeout(() => socket.destroy(), TIMEOUT_MS);
  await Promise.race([write(socket, pieces, bytesPerSecond), answered]);
  await answered;
  clearTimeout(timer);
  socket.destroy();
  return statuses;
}

async function write(socket: Socket, pieces: Iterable<Buffer>, bytesPerSecond: number | undefined): Promise<void> {
  const startedAt = performance.now();
  let sent = 0;
  for (const piece of pieces) {
    if (socket.destroyed) return;
    sent += piece.length;
    if (!socket.write(piece)) await drained(socket);
    if (bytesPerSecond === undefined) continue;
    const early = (sent / bytesPerSecond) * 1000 - (performance.now() - startedAt);
    if (early > 1) await sleep(early);
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

/** Finds the status lines in what arrives, also where one is cut in two. */
function readStatuses(socket: Socket, onStatus: (status: number) => void): void {
  let rest = "";
  socket.on("data", (chunk: Buffer) => {
    const text = rest + chunk.toString("latin1");
    let end = 0;
    for (const match of text.matchAll(/HTTP\/1\.1 ([2-5]\d\d)/g)) {
      onStatus(Number(match[1]));
      end = match.index + match[0].length;
    }
    rest = text.slice(Math.max(end, text.length - 11));
  });
}

/** Cuts bytes into pieces. */
export function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
