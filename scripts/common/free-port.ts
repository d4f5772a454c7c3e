import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * Has a server listen on 127.0.0.1.
 *
 * @param port 0, the default, takes a free one
 * @returns the port
 */
export async function listenOnLoopback(server: Server, port = 0): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A listening TCP server has a port.");
  return address.port;
}

/**
 * Finds a port of 127.0.0.1 that nothing listened on a moment ago.
 *
 * @param wanted this one alone; 0 for any
 * @throws Error with code EADDRINUSE when the wanted one is taken
 */
export async function findFreePort(wanted = 0): Promise<number> {
  const server = createServer().listen(wanted, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("A listening TCP server has a port.");
  return address.port;
}
