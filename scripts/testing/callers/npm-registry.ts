import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOnLoopback } from "../../common/free-port.ts";

/** A private npm registry, as far as publishing and installing packages goes. */
export interface NpmRegistry {
  readonly url: string;
  /** What to write into an .npmrc, so that npm uses it for a scope and may publish. */
  toNpmrc(scope: string): string;
  close(): Promise<void>;
}

interface PublishedVersion {
  readonly dist: { tarball: string; integrity?: string };
}

/** What `npm publish` sends, and what `npm install` reads. */
interface PackageDocument {
  readonly name: string;
  readonly versions: Record<string, PublishedVersion>;
  readonly _attachments?: Readonly<Record<string, { readonly data: string }>>;
}

/** Starts an empty registry on a free port. */
export async function startNpmRegistry(): Promise<NpmRegistry> {
  const packages = new Map<string, PackageDocument>();
  const tarballs = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}/`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url ?? "").slice(1);
    if (request.method === "PUT") {
      publish(JSON.parse(Buffer.concat(await request.toArray()).toString()));
      response.writeHead(201).end("{}");
      return;
    }
    const tarball = tarballs.get(path);
    const document = packages.get(path);
    if (tarball) response.end(tarball);
    else if (document) response.setHeader("content-type", "application/json").end(JSON.stringify(document));
    else response.writeHead(404).end("{}");
  }

  function publish({ _attachments = {}, ...document }: PackageDocument): void {
    const [attachment] = Object.values(_attachments);
    const tarball = Buffer.from(attachment?.data ?? "", "base64");
    for (const [version, { dist }] of Object.entries(document.versions)) {
      const path = `tarballs/${document.name.replaceAll(/\W/g, "-")}-${version}.tgz`;
      tarballs.set(path, tarball);
      dist.tarball = url + path;
      dist.integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
    }
    packages.set(document.name, document);
  }

  return {
    url,
    toNpmrc: (scope) => `${scope}:registry=${url}\n//${new URL(url).host}/:_authToken=anybody\n`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
