import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const HEAD_BYTES = 9;
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** One request's stream, answered frame by frame: also with what no library would send. */
export interface RawStream {
  readonly id: number;
  /** The request's body. */
  readonly body: Buffer;
  headers(fields: Readonly<Record<string, string>>, end?: boolean): void;
  data(bytes: Buffer, end?: boolean): void;
  reset(code: number): void;
  goaway(code: number): void;
  readonly socket: Socket;
}

/** What a server does; everything that is not given it does as HTTP/2 says. */
export interface RawBehaviour {
  /** Called with each request once it is complete. */
  onRequest?(stream: RawStream): void;
  /** Called with the id of each stream that the client resets. */
  onReset?(id: number): void;
  /** Called with each connection that is accepted, from 1; false says nothing on it, neither ServerHello nor SETTINGS. */
  onConnection?(count: number, socket: Socket): boolean;
  /** Whether PINGs are answered. */
  answersPings?: boolean;
}

/** A server that speaks HTTP/2 frames by hand. */
export interface RawServer {
  readonly port: number;
  /** Accepted since the start. */
  readonly connections: number;
  /** Those that are open. */
  readonly sockets: ReadonlySet<Socket>;
  behaviour: RawBehaviour;
  close(): Promise<void>;
}

/** @param tls key and certificate; without them plain text, and the client knows beforehand that it speaks HTTP/2 */
export async function startRawServer(
  behaviour: RawBehaviour,
  tls?: { readonly key: string; readonly cert: string },
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket) => {
    raw.connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    if (raw.behaviour.onConnection?.(raw.connections, socket) === false) return;
    if (tlsServer) tlsServer.emit("connection", socket);
    else speak(socket, raw.behaviour);
  };
  const tlsServer = tls && createTlsServer({ ...tls, ALPNProtocols: ["h2"] }, (socket) => speak(socket, raw.behaviour));
  const server = createServer(onSocket);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const raw = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    sockets,
    behaviour,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return raw;
}

function speak(socket: Socket, behaviour: RawBehaviour): void {
  socket.on("error", () => {});
  const write = (type: number, flags: number, id: number, payload: Uint8Array = Buffer.alloc(0)) => {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(id, 5);
    if (socket.writable) socket.write(Buffer.concat([head, payload]));
  };
  const bodies = new Map<number, Buffer[]>();
  const toStream = (id: number): RawStream => ({
    id,
    body: Buffer.concat(bodies.get(id) ?? []),
    headers: (fields, end) => write(HEADERS, END_HEADERS | (end ? END_STREAM : 0), id, encodeHeaders(fields)),
    data: (bytes, end) => write(DATA, end ? END_STREAM : 0, id, bytes),
    reset: (code) => write(RST_STREAM, 0, id, toUInt32(code)),
    goaway: (code) => write(GOAWAY, 0, 0, Buffer.concat([toUInt32(id), toUInt32(code)])),
    socket,
  });
  const onFrame = (type: number, flags: number, id: number, payload: Buffer) => {
    if (type === SETTINGS && !(flags & ACK)) write(SETTINGS, ACK, 0);
    else if (type === PING && !(flags & ACK) && behaviour.answersPings !== false) write(PING, ACK, 0, payload);
    else if (type === RST_STREAM) behaviour.onReset?.(id);
    else if (type === HEADERS) bodies.set(id, []);
    else if (type === DATA) {
      bodies.get(id)?.push(payload);
      if (flags & END_STREAM) behaviour.onRequest?.(toStream(id));
    }
  };
  write(SETTINGS, 0, 0);
  let buffered: Buffer = Buffer.alloc(0);
  let toSkip = PREFACE.length;
  socket.on("data", (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    if (buffered.length < toSkip) return;
    buffered = buffered.subarray(toSkip);
    toSkip = 0;
    while (buffered.length >= HEAD_BYTES && buffered.length >= HEAD_BYTES + buffered.readUIntBE(0, 3)) {
      const end = HEAD_BYTES + buffered.readUIntBE(0, 3);
      const id = buffered.readUInt32BE(5) & 0x7fffffff;
      onFrame(buffered[3] as number, buffered[4] as number, id, buffered.subarray(HEAD_BYTES, end));
      buffered = buffered.subarray(end);
    }
  });
}

/** HPACK's plainest form: each field a literal with a new name, not indexed, not compressed. */
function encodeHeaders(fields: Readonly<Record<string, string>>): Buffer {
  const toText = (text: string) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), toText(name), toText(value)]),
  );
}

function toUInt32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
