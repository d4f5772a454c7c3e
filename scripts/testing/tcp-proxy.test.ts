import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

let target: { endpoint: string; close(): void };
let proxy: TcpProxy;

beforeEach(async () => {
  target = await startEcho();
  proxy = await startTcpProxy(target.endpoint);
});
afterEach(async () => {
  await proxy.close();
  target.close();
});

/** A server that sends back what it gets. */
async function startEcho() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A listening TCP server has a port.");
  return {
    endpoint: `127.0.0.1:${address.port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function connectThrough(): Promise<Socket> {
  const [host, port] = proxy.endpoint.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

function waitForClose(socket: Socket): Promise<void> {
  // Not events.once, which would reject on the error that a reset is.
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** What comes back for this text, or "nothing" after a while. */
async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const nothing = new Promise<string>((resolve) => setTimeout(resolve, 300, "nothing"));
  return Promise.race([once(socket, "data").then(String), nothing]);
}

it("forwards both ways and counts connections", async () => {
  const first = await connectThrough();
  const second = await connectThrough();
  expect(await echo(first, "one")).toBe("one");
  expect(await echo(second, "two")).toBe("two");
  expect(proxy.connections).toBe(2);
});

it("silences open connections without closing them; new ones work", async () => {
  const before = await connectThrough();
  expect(await echo(before, "one")).toBe("one");
  proxy.blackhole();
  expect(await echo(before, "two")).toBe("nothing");
  expect(before.readyState).toBe("open");
  expect(await echo(await connectThrough(), "three")).toBe("three");
});

it("silences new connections as well if asked, until restored; what was silenced stays silent", async () => {
  proxy.blackhole({ includingNew: true });
  const silenced = await connectThrough();
  expect(await echo(silenced, "one")).toBe("nothing");
  await proxy.restore();
  expect(await echo(silenced, "two")).toBe("nothing");
  expect(await echo(await connectThrough(), "three")).toBe("three");
});

it("resets open connections; new ones work", async () => {
  const socket = await connectThrough();
  expect(await echo(socket, "one")).toBe("one");
  const closed = waitForClose(socket);
  proxy.drop();
  await closed;
  expect(await echo(await connectThrough(), "two")).toBe("two");
});

it("refuses connections until restored", async () => {
  const socket = await connectThrough();
  const closed = waitForClose(socket);
  await proxy.refuse();
  await closed;
  await expect(connectThrough()).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await proxy.restore();
  expect(await echo(await connectThrough(), "one")).toBe("one");
});

it("delays each direction, and keeps the order of the bytes when the delay changes", async () => {
  const socket = await connectThrough();
  const start = performance.now();
  proxy.setDelay(60);
  expect(await echo(socket, "one")).toBe("one");
  expect(performance.now() - start).toBeGreaterThan(110);
  socket.write("two ");
  await new Promise((resolve) => setTimeout(resolve, 20));
  proxy.setDelay(0);
  const received: string[] = [];
  socket.on("data", (bytes) => received.push(String(bytes)));
  socket.write("three");
  while (!received.join("").includes("three")) await once(socket, "data");
  expect(received.join("")).toBe("two three");
});

it("closes a connection when either end does", async () => {
  const socket = await connectThrough();
  expect(await echo(socket, "one")).toBe("one");
  const closed = waitForClose(socket);
  target.close();
  await closed;
});
