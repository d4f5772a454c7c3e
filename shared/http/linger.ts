import type { Server } from "node:http";
import type { Socket } from "node:net";
import { timeLimits } from "./progress.ts";

/** Bytes that are read and thrown away of what a caller goes on sending. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Has a server end its connections as RFC 9112, 9.6 asks: half-closed, and read until the caller ends them too. Node ends a
 * socket behind its last answer; what is not read by then becomes a reset, and the caller loses the answer.
 */
export function lingerAtEnd(server: Server): void {
  server.on("connection", (socket) => {
    socket.destroySoon = () => {
      socket.end();
      linger(socket);
    };
  });
}

/**
 * Reads and throws away what a caller goes on sending behind its answer, and cuts it off after a while.
 *
 * @returns a function that ends this, where all has arrived
 */
export function linger(socket: Socket): () => void {
  const most = socket.bytesRead + MOST_BYTES;
  const check = () => {
    if (socket.bytesRead > most) socket.destroy();
  };
  const timer = setTimeout(() => socket.destroy(), timeLimits.lingerMs).unref();
  const stop = () => {
    clearTimeout(timer);
    socket.off("data", check);
  };
  // A request's bytes still go where they went, too.
  socket.on("data", check).once("close", stop);
  return stop;
}
