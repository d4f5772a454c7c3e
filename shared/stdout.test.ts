import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { LineWriter } from "./stdout.ts";

const KIB = 1024;

/** A pipe that is read when the test says so. */
function createPipe() {
  const pending: (() => void)[] = [];
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, callback) {
      text += chunk;
      pending.push(callback);
    },
  });
  const read = async () => {
    while (pending.length > 0) {
      pending.shift()?.();
      await sleep(0);
    }
  };
  return { stream, read, text: () => text };
}

it("drops what nobody reads, and says how much once somebody does", async () => {
  const { stream, read, text } = createPipe();
  const writer = new LineWriter(stream);
  const line = `${"x".repeat(KIB - 1)}\n`;
  for (let i = 0; i < 10_000; i++) writer.write(line + line);
  expect(stream.writableLength).toBeLessThanOrEqual(4 * KIB * KIB);
  await read();
  const lines = text().trim().split("\n");
  const last = JSON.parse(lines.at(-1) ?? "");
  expect(last).toMatchObject({ severity: "WARNING", count: 20_000 - (lines.length - 1) });
  expect(lines.length).toBeGreaterThan(4000);
  writer.write(line);
  await read();
  expect(text().endsWith(`}\n${line}`)).toBe(true);
});

it("flushes once all is read, and waits no longer than half a second for that", async () => {
  const { stream, read } = createPipe();
  const writer = new LineWriter(stream);
  writer.write("a\n");
  let isFlushed = false;
  const flushed = writer.flush().then(() => {
    isFlushed = true;
  });
  await sleep(50);
  expect(isFlushed).toBe(false);
  await read();
  await flushed;
  writer.write("b\n");
  const startedAt = performance.now();
  await writer.flush();
  expect(performance.now() - startedAt).toBeGreaterThan(450);
});

it("outlives its reader", async () => {
  const stream = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error("EPIPE")) });
  const writer = new LineWriter(stream);
  writer.write("a\n");
  await vi.waitUntil(() => stream.destroyed, 10_000);
  writer.write("b\n");
  await writer.flush();
});
