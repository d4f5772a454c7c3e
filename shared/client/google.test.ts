import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listenOnLoopback } from "../../scripts/common/free-port.ts";
import type * as Google from "./google.ts";

const URL_A = "https://commerce-abc.a.run.app";
const URL_B = "https://system-abc.a.run.app/x?y=ü";

/** Loaded anew for each test: it remembers that the machine is one of Google's. */
let googleIdToken: typeof Google.googleIdToken;
let server: Server;
let asked: (string | null)[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;

function toToken(secondsLeft: number, name = "t"): string {
  const claims = { exp: Math.floor(Date.now() / 1000) + secondsLeft, name: `${name}ÿ?` };
  return `head.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.signature`;
}

const give = (token: string) => (response: ServerResponse) => {
  response.writeHead(200, { "metadata-flavor": "Google" }).end(`${token}\n`);
};

beforeEach(async () => {
  vi.resetModules();
  ({ googleIdToken } = await import("./google.ts"));
  asked = [];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://metadata");
    if (request.headers["metadata-flavor"] !== "Google" || !url.pathname.endsWith("/default/identity")) {
      response.writeHead(403).end();
      return;
    }
    // Without it the token has no email: the producer would not learn whose it is.
    expect(url.searchParams.get("format")).toBe("full");
    asked.push(url.searchParams.get("audience"));
    answer(response, request);
  });
  vi.stubEnv("GCE_METADATA_HOST", `127.0.0.1:${await listenOnLoopback(server)}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  server.close();
  server.closeAllConnections();
});

describe("googleIdToken, of the metadata server", () => {
  it("asks once for each URL, however many callers come", async () => {
    const [a, b] = [toToken(3600, "a"), toToken(3600, "b")];
    const source = googleIdToken();
    answer = give(a);
    expect(await Promise.all([source(URL_A), source(URL_A)])).toEqual([a, a]);
    answer = give(b);
    expect([await source(URL_B), await source(URL_A)]).toEqual([b, a]);
    expect(asked).toEqual([URL_A, URL_B]);
  });

  it("renews by the token's own expiry, shortly before it", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const source = googleIdToken();
    answer = give(toToken(3600));
    await source(URL_A);
    vi.setSystemTime(Date.now() + 3500_000);
    await source(URL_A);
    expect(asked).toHaveLength(1);
    vi.setSystemTime(Date.now() + 50_000);
    answer = give(toToken(30, "short"));
    await source(URL_A);
    await source(URL_A);
    expect(asked).toHaveLength(2);
    vi.setSystemTime(Date.now() + 28_000);
    await source(URL_A);
    expect(asked).toHaveLength(3);
  });

  it("uses a good token to its end while no other can be had, and a refused one not at all", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const source = googleIdToken();
    const token = toToken(3600);
    answer = give(token);
    await source(URL_A);
    answer = (response) => response.writeHead(503, { "metadata-flavor": "Google" }).end("busy");
    vi.setSystemTime(Date.now() + 3590_000);
    expect(await source(URL_A)).toBe(token);
    await expect(source(URL_A, token)).rejects.toThrow("503");
    vi.setSystemTime(Date.now() + 20_000);
    await expect(source(URL_A)).rejects.toThrow("503");
  });
});

describe("googleIdToken, of gcloud", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gcloud-"));
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
    vi.stubEnv("GCE_METADATA_HOST", "127.0.0.1:1");
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function fake(script: string): Promise<void> {
    await writeFile(join(folder, "gcloud"), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, "gcloud"), 0o755);
  }

  it("asks it where there is no metadata server", async () => {
    const token = toToken(3600);
    await fake(`[ "$*" = "auth print-identity-token" ] && echo ${token}`);
    expect(await googleIdToken()(URL_A)).toBe(token);
  });

  it("asks it where something else answers for the metadata server's name", async () => {
    vi.stubEnv("GCE_METADATA_HOST", `127.0.0.1:${(server.address() as { port: number }).port}`);
    answer = (response) => response.writeHead(200).end("<html>Welcome to our hotel");
    const token = toToken(3600);
    await fake(`echo ${token}`);
    expect(await googleIdToken()(URL_A)).toBe(token);
  });

  it("says so where it gives none", async () => {
    await fake("exit 1");
    await expect(googleIdToken()(URL_A)).rejects.toThrow("neither a metadata server nor a login of gcloud");
  });

  it.each([
    ["K_SERVICE is there", () => vi.stubEnv("K_SERVICE", "shop")],
    [
      "the metadata server has answered once",
      async () => {
        vi.stubEnv("GCE_METADATA_HOST", `127.0.0.1:${(server.address() as { port: number }).port}`);
        answer = (response) => response.writeHead(503, { "metadata-flavor": "Google" }).end("busy");
        await expect(googleIdToken()(URL_A)).rejects.toThrow("503");
        vi.stubEnv("GCE_METADATA_HOST", "127.0.0.1:1");
      },
    ],
  ])("never asks it where %s: it would send as the person who is logged in", async (_, arrange) => {
    await fake(`echo ${toToken(3600)}`);
    await arrange();
    await expect(googleIdToken()(URL_A)).rejects.toThrow("does not answer");
  });
});
