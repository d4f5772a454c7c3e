import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

/** A TCP proxy that can do to connections what networks do. */
export interface TcpProxy {
  /** `host:port` to give to the client. */
  readonly endpoint: string;
  /** Connections taken since the start. */
  readonly connections: number;
  /**
   * The connections that are open now stop forwarding both ways, without a word to either end, as after a frozen
   * instance or a lost NAT entry. New connections work, unless `includingNew`: then they open and stay silent as well.
   */
  blackhole(options?: { includingNew: boolean }): void;
  /** Resets the open connections; new ones work. */
  drop(): void;
  /** Resets the open connections and refuses new ones, as when nothing listens. */
  refuse(): Promise<void>;
  /** From now on bytes arrive so many milliseconds later, in each direction. */
  setDelay(milliseconds: number): void;
  /** New connections work and nothing is delayed. What was silenced stays silent: its bytes are lost. */
  restore(): Promise<void>;
  /** Ends all connections and the proxy. */
  close(): Promise<void>;
}

/** The two sockets of one connection; bytes stop between them when `silent`. */
interface Relay {
  readonly sockets: [Socket, Socket];
  silent: boolean;
}

/**
 * Starts a TCP proxy on a free port of 127.0.0.1.
 *
 * @param target `host:port` of the server behind it
 */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port: targetPort } = new URL(`tcp://${target}`);
  const relays = new Set<Relay>();
  let connections = 0;
  let delayMs = 0;
  let silenceNew = false;

  const server = createServer((client) => {
    connections += 1;
    const relay: Relay = { sockets: [client, connect(Number(targetPort), hostname)], silent: silenceNew };
    relays.add(relay);
    const [, upstream] = relay.sockets;
    forward(relay, client, upstream);
    forward(relay, upstream, client);
  });

  function forward(relay: Relay, from: Socket, to: Socket): void {
    from.setNoDelay(true);
    let passed = Promise.resolve();
    // One after the other: with a shorter delay from now on, later bytes must not overtake earlier ones.
    function pass(action: () => void): void {
      const due = Date.now() + delayMs;
      passed = passed.then(async () => {
        const rest = due - Date.now();
        if (rest > 0) await setTimeout(rest);
        action();
      });
    }
    from.on("data", (bytes) =>
      pass(() => {
        if (!relay.silent && to.writable) to.write(bytes);
      }),
    );
    from.on("end", () =>
      pass(() => {
        if (!relay.silent) to.end();
      }),
    );
    from.on("error", () => {});
    from.on("close", () => {
      if (relay.silent) return;
      relays.delete(relay);
      pass(() => to.destroy());
    });
  }

  function drop(): void {
    for (const { sockets } of relays) for (const socket of sockets) socket.resetAndDestroy();
    relays.clear();
  }

  const port = await listen(server, 0);
  return {
    endpoint: `127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    blackhole(options) {
      for (const relay of relays) relay.silent = true;
      silenceNew = options?.includingNew ?? false;
    },
    drop,
    async refuse() {
      const closed = stop(server);
      drop();
      await closed;
    },
    setDelay(milliseconds) {
      delayMs = milliseconds;
    },
    async restore() {
      silenceNew = false;
      delayMs = 0;
      if (!server.listening) await listen(server, port);
    },
    async close() {
      const closed = stop(server);
      drop();
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A listening TCP server has a port.");
  return address.port;
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, "close");
}
