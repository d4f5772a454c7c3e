import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, it, vi } from "vitest";
import { findEmulator } from "./emulator.ts";

const module = new URL("emulator.ts", import.meta.url).href;
const script = `
  const { startEmulator } = await import(${JSON.stringify(module)});
  const { endpoint } = await startEmulator();
  console.log(endpoint);
  setInterval(() => {}, 1000);
`;

it.skipIf(findEmulator() === undefined && !process.env.CI)(
  "the official emulator ends with the process that started it, even when that is killed",
  async () => {
    const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(parent.stdout, "data");
    const endpoint = String(line).trim();
    expect(await canConnect(endpoint)).toBe(true);
    parent.kill("SIGKILL");
    await vi.waitFor(async () => expect(await canConnect(endpoint)).toBe(false), 10_000);
  },
);

async function canConnect(endpoint: string): Promise<boolean> {
  const [host, port] = endpoint.split(":");
  const socket = connect(Number(port), host);
  const connected = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}
