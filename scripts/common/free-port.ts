import { once } from "node:events";
import { createServer } from "node:net";

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
