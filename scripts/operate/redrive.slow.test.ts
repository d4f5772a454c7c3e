import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { runProgram } from "../common/run-program.ts";
import { type FaultyPubSub, startFaultyPubSub } from "../pubsub/faulty-pubsub.ts";
import { expectAll, ofFourUsers, openDeadLetters, redriveAll, toId } from "./testing/dead-letters.ts";

const script = fileURLToPath(new URL("redrive.ts", import.meta.url));

let pubsub: FaultyPubSub;
beforeAll(async () => {
  for (const name of ["log", "error"] as const) vi.spyOn(console, name).mockReturnValue();
  pubsub = await startFaultyPubSub();
});
afterAll(() => pubsub?.close());

test("killed at any step, Pub/Sub failing half of the time, nothing is lost, and one of each key comes twice at most", async () => {
  const steps = Array.from({ length: 36 }, (_, index) => index + 1);
  const stacks = await Promise.all(steps.map(() => openDeadLetters(pubsub.endpoint, ofFourUsers)));
  onTestFinished(pubsub.faults.every(2, { kind: "error", code: status.UNAVAILABLE }) as () => void);
  const codes = await Promise.all(
    steps.map((step, index) => redriveAll(stacks[index] as never, (run) => (run === 0 ? step : Infinity))),
  );
  expect(codes.filter(([first]) => first === "killed").length).toBeGreaterThan(15);
  for (const { published } of stacks) expectAll(published, 4);
}, 60_000);

test("the process itself, killed and ended: what was left is brought back", async () => {
  const letters = Array.from({ length: 30 }, (_, index) => ({ key: `u${index % 3}`, id: `e${index}` }));
  const { url, published, pull, kept } = await openDeadLetters(pubsub.endpoint, letters);
  const env = process.env;
  const start = (signal: NodeJS.Signals) => {
    const child = spawn(process.execPath, [script, "commerce", "--local", url, "--rate", "10"], {
      stdio: "ignore",
      env,
    });
    const ended = once(child, "exit");
    return { ended, end: () => child.kill(signal) };
  };
  const interrupted = start("SIGTERM");
  await vi.waitUntil(() => published.length >= 3, { timeout: 20_000 });
  interrupted.end();
  expect(await interrupted.ended).toEqual([1, null]);
  const killed = start("SIGKILL");
  const before = published.length;
  await vi.waitUntil(() => published.length >= before + 3, { timeout: 20_000 });
  killed.end();
  expect(await killed.ended).toEqual([null, "SIGKILL"]);
  expect(new Set(published.map(toId)).size).toBe(published.length);
  expect(published.length).toBeLessThan(30);
  // The lease of the one that was killed is ten seconds.
  await vi.waitUntil(
    async () => {
      const { code } = await runProgram(process.execPath, [script, "commerce", "--local", url], env);
      return code === 0 && new Set(published.map(toId)).size === 30;
    },
    { timeout: 30_000, interval: 1_000 },
  );
  expect(await pull(kept)).toEqual([]);
  expect(published.length).toBeLessThanOrEqual(33);
}, 60_000);
