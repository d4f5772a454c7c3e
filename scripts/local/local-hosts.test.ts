import { expect, it } from "vitest";
import { readTarget } from "./local-hosts.ts";

it.each([
  ["/events/ingest?x=1", "localhost:8000", "/events/ingest?x=1", true],
  ["/", "127.0.0.1", "/", true],
  ["/", "[::1]:8000", "/", true],
  ["/", "shop.localhost:80", "/", true],
  ["http://localhost:8000/health", "localhost:8000", "/health", true],
  ["HTTP://127.0.0.1?x", "localhost", "/?x", true],
  ["http://evil.example/health", "localhost:8000", "/health", false],
  ["/", "evil.example", "/", false],
  ["/", "localhost.evil.example", "/", false],
  ["/", "127.0.0.1.evil.example", "/", false],
  ["/", "evil.example:8000#localhost", "/", false],
  ["/", "localhost@evil.example", "/", false],
  ["/", "", "/", false],
  ["/", undefined, "/", true],
])("reads the target %s with the host %s", (target, host, url, isLocal) => {
  expect(readTarget(target, host)).toEqual({ url, isLocal });
});
