import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { HttpConnection } from "./http-connection.ts";

const server = createServer();
let connection: HttpConnection | undefined;

/** A connection to a server that answers whatever comes with these pieces, each in a packet of its own. */
async function openAgainst(pieces: readonly string[], onBroken: (error: Error) => void): Promise<HttpConnection> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.once("connection", (socket: Socket) => {
    socket.setNoDelay(true);
    socket.once("data", async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await sleep(5);
      }
      socket.end();
    });
  });
  connection = await HttpConnection.open((server.address() as AddressInfo).port, onBroken);
  return connection;
}

afterEach(() => {
  connection?.close();
  server.close();
});

it("reads answers in their order, however they are cut into packets", async () => {
  const answers: [number, string][] = [];
  const { promise: read, resolve, reject } = Promise.withResolvers<void>();
  const opened = await openAgainst(
    [
      "HTTP/1.1 202 Accepted\r\nContent-Le",
      "ngth: 3\r\n\r",
      "\nab",
      "cHTTP/1.1 503 Bad\r\ncontent-length: 2\r\n\r\nde",
    ],
    reject,
  );
  for (let i = 0; i < 2; i++) {
    opened.send(["GET / HTTP/1.1\r\n", Buffer.from("\r\n")], (status, body) => {
      answers.push([status, body.toString()]);
      if (answers.length === 2) resolve();
    });
  }
  await read;
  expect(answers).toEqual([
    [202, "abc"],
    [503, "de"],
  ]);
});

it("says so when the server closes under a request", async () => {
  const { promise: broken, resolve } = Promise.withResolvers<Error>();
  const opened = await openAgainst(["HTTP/1.1 202 Accepted\r\n"], resolve);
  opened.send(["GET / HTTP/1.1\r\n\r\n"], () => {});
  expect((await broken).message).toContain("requests under way");
});
