import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { connectPubSub } from "./client.ts";
import { createMessages } from "./conformance/fixture.ts";

const script = fileURLToPath(new URL("serve.ts", import.meta.url));

/** Starts the server as a process; its first line of output is the endpoint. */
async function startProcess(port: number) {
  const child = fork(script, [`--port=${port}`], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function readLine(child: ChildProcess, from: "stdout" | "stderr"): Promise<string> {
  const [text] = await once(child[from] ?? child, "data");
  return String(text).trimEnd();
}

it("serves as its own process, tells its counts and ends on SIGTERM", async () => {
  const child = await startProcess(0);
  const endpoint = await readLine(child, "stdout");
  expect(endpoint).toMatch(/^127\.0\.0\.1:\d+$/);
  const admin = connectPubSub(endpoint, "test");
  onTestFinished(() => admin.close());
  await admin.createTopic("topic");

  await expect(admin.publish("topic", createMessages("", "1"))).resolves.toHaveLength(1);
  child.send("stats");
  expect(await once(child, "message")).toEqual([{ publishRequests: 1, messages: 1, held: 0 }, undefined]);

  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

it("ends with the process that forked it", async () => {
  const child = await startProcess(0);
  await readLine(child, "stdout");
  child.disconnect();
  expect(await once(child, "exit")).toEqual([0, null]);
});

it("says in one line that its port is taken", async () => {
  const first = await startProcess(0);
  const port = Number((await readLine(first, "stdout")).split(":")[1]);
  const second = await startProcess(port);
  expect(await readLine(second, "stderr")).toBe(
    `The Pub/Sub server cannot start: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
  );
  expect(await once(second, "exit")).toEqual([1, null]);
});
