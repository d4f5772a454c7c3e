import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { expect, it, onTestFinished } from "vitest";
import type { Domain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { callUnary, connectPubSub } from "../pubsub/client.ts";
import { subscriberMethods } from "../pubsub/protocol.ts";

const script = fileURLToPath(new URL("pubsub.ts", import.meta.url));

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { PUBSUB_EMULATOR_HOST: _, GCP_PROJECT_ID: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output.text += chunk;
    });
  }
  return { child, output };
}

it.each([
  ["demo unless told otherwise", [], {}, "demo"],
  ["that of GCP_PROJECT_ID", [], { GCP_PROJECT_ID: "from-env" }, "from-env"],
  ["the given one", ["--project=given"], { GCP_PROJECT_ID: "from-env" }, "given"],
])("serves the topics of all functions with a subscription each, in the project %s", async (_, args, env, project) => {
  const { child, output } = start(["--port=0", "--broker=embedded", ...args], env);
  await expect.poll(() => output.text, { timeout: 20_000 }).toContain("Ctrl-C ends it.");
  const [, endpoint = ""] = /export PUBSUB_EMULATOR_HOST=(\S+)/.exec(output.text) ?? [];
  const client = new Client(endpoint, credentials.createInsecure());
  const request = { project: `projects/${project}` };
  const { subscriptions } = await callUnary(client, subscriberMethods.ListSubscriptions, request as never);
  client.close();
  const names = subscriptions.map(({ name }) => name);
  for (const { topic } of Object.values<Domain>(domains)) {
    expect(names).toContain(`projects/${project}/subscriptions/${topic}.default`);
  }
  const admin = connectPubSub(endpoint, project);
  await admin.publish(domains.commerce.topic, [
    { data: Buffer.from("{}"), attributes: { event_type: "order.placed" } },
  ]);
  admin.close();
  await expect.poll(() => output.text).toMatch(/commerce +▶ order\.placed .* on pulsecart\.commerce-events/);
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});

it("says in one line what it cannot do", async () => {
  const { child, output } = start(["--port=x"]);
  expect((await once(child, "exit"))[0]).toBe(1);
  expect(output.text).toBe('--port must be a number from 0 to 65535, not "x".\n');
});
