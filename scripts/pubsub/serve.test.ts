import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { expect, it, onTestFinished } from "vitest";
import { connectPubSub } from "./client.ts";
import { createMessages } from "./conformance/fixture.ts";
import type { ServerCommand } from "./serve.ts";

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

it("serves as its own process, shows faults as told, tells its counts and ends on SIGTERM", async () => {
  const child = await startProcess(0);
  const endpoint = await readLine(child, "stdout");
  expect(endpoint).toMatch(/^127\.0\.0\.1:\d+$/);
  const admin = connectPubSub(endpoint, "test");
  onTestFinished(() => admin.close());
  await admin.createTopic("topic");

  // Commands and calls travel apart: the answer to a request for counts says that the command before it was taken.
  async function command(message: ServerCommand): Promise<unknown> {
    child.send(message);
    child.send({ stats: true } satisfies ServerCommand);
    const [answer] = await once(child, "message");
    return answer;
  }
  const unavailable = { kind: "error", code: status.UNAVAILABLE } as const;
  await command({ fault: unavailable, count: 1 });
  await expect(admin.publish("topic", createMessages("", "1"))).rejects.toMatchObject({ code: status.UNAVAILABLE });
  await expect(admin.publish("topic", createMessages("", "2"))).resolves.toHaveLength(1);
  await command({ fault: unavailable, every: 1 });
  await expect(admin.publish("topic", createMessages("", "3"))).rejects.toMatchObject({ code: status.UNAVAILABLE });
  expect(await command({ clearFaults: true })).toEqual({ stats: { publishRequests: 3, messages: 1, held: 0 } });
  await expect(admin.publish("topic", createMessages("", "4"))).resolves.toHaveLength(1);

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
