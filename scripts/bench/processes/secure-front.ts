import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { generate } from "selfsigned";
import { readFirstLine } from "./broker.ts";

/** What a deployed function meets, in a process of its own: TLS before the Pub/Sub server, and a metadata server. */
export interface SecureFront {
  /** `host:port` of the TLS side. */
  readonly endpoint: string;
  /**
   * The environment of a function that publishes through it, with the token of its account.
   *
   * @param endpoint of a proxy before it
   */
  toEnvironment(endpoint?: string): NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** What the process prints when it is ready. */
interface Ready {
  readonly tlsPort: number;
  readonly metadataPort: number;
  readonly certificateFile: string;
}

/** @param target `host:port` of the Pub/Sub server */
export async function startSecureFront(target: string): Promise<SecureFront> {
  const child = fork(fileURLToPath(import.meta.url), [target], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const { tlsPort, metadataPort, certificateFile }: Ready = JSON.parse(await readFirstLine(child));
  const endpoint = `localhost:${tlsPort}`;
  return {
    endpoint,
    toEnvironment: (before = endpoint) => ({
      PUBSUB_EMULATOR_HOST: undefined,
      // The certificate is for this name.
      PUBSUB_ENDPOINT: before.replace("127.0.0.1", "localhost"),
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: certificateFile,
      GCE_METADATA_HOST: `127.0.0.1:${metadataPort}`,
      METADATA_SERVER_DETECTION: "assume-present",
    }),
    async close() {
      const exit = once(child, "exit");
      child.disconnect();
      await exit;
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function serve(target: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-tls-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  process.on("disconnect", () => process.exit());
  const pem = await generate([{ name: "commonName", value: "localhost" }], {
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  const certificateFile = join(folder, "ca.pem");
  writeFileSync(certificateFile, pem.cert);
  const { hostname, port } = new URL(`tcp://${target}`);
  const front = createTlsServer({ key: pem.private, cert: pem.cert, ALPNProtocols: ["h2"] }, (socket) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const end of [socket, upstream]) {
      end.on("error", () => {});
      end.on("close", () => [socket, upstream].forEach((each) => void each.destroy()));
    }
    socket.pipe(upstream).pipe(socket);
  });
  const metadata = createHttpServer((request, response) => {
    response.writeHead(200, { "Metadata-Flavor": "Google", "Content-Type": "application/json" });
    const token = { access_token: "ya29.bench", expires_in: 3599, token_type: "Bearer" };
    response.end(request.url?.includes("/token") ? JSON.stringify(token) : "googleapis.com");
  });
  const ready: Ready = { tlsPort: await listen(front), metadataPort: await listen(metadata), certificateFile };
  console.log(JSON.stringify(ready));
}

if (import.meta.main) await serve(process.argv[2] ?? "");
