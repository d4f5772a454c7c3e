import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startTcpProxy } from "../../testing/tcp-proxy.ts";
import { readFirstLine } from "./broker.ts";

/** A delaying proxy in a process of its own. */
export interface ProxyProcess {
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * @param target `host:port` behind the proxy
 * @param delayMs by which bytes arrive later, in each direction
 */
export async function startProxyProcess(target: string, delayMs: number): Promise<ProxyProcess> {
  const child = fork(fileURLToPath(import.meta.url), [target, String(delayMs)], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const endpoint = await readFirstLine(child);
  return {
    endpoint,
    async close() {
      const exit = once(child, "exit");
      child.disconnect();
      await exit;
    },
  };
}

if (import.meta.main) {
  const [target = "", delayMs] = process.argv.slice(2);
  const proxy = await startTcpProxy(target);
  proxy.setDelay(Number(delayMs));
  process.on("disconnect", () => process.exit());
  console.log(proxy.endpoint);
}
