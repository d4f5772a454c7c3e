import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { expect, it, onTestFinished } from "vitest";
import type { Domain } from "../../shared/events/domain.ts";
import { domains } from "../../shared/events/registry.ts";
import { findFreePort } from "../common/free-port.ts";
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
    expect(names).toContain(`projects/${project}/subscriptions/${topic}.dead-letter.kept`);
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

it("ends, with its port, when npm is told to", async () => {
  const port = await findFreePort();
  const args = ["run", "--silent", "pubsub", "--", `--port=${port}`, "--broker=embedded"];
  const npm = spawn("npm", args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void npm.kill("SIGKILL"));
  let text = "";
  npm.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await expect.poll(() => text, { timeout: 20_000 }).toContain("Ctrl-C ends it.");
  npm.kill("SIGTERM");
  await expect.poll(() => findFreePort(port).catch(() => "taken"), { timeout: 10_000 }).toBe(port);
});

it("makes dead letters of what is given back ten times, and keeps what was acknowledged", async () => {
  const { child, output } = start(["--port=0", "--broker=embedded"]);
  await expect.poll(() => output.text, { timeout: 20_000 }).toContain("Ctrl-C ends it.");
  const [, endpoint = ""] = /export PUBSUB_EMULATOR_HOST=(\S+)/.exec(output.text) ?? [];
  const client = new Client(endpoint, credentials.createInsecure());
  const admin = connectPubSub(endpoint, "demo");
  onTestFinished(() => {
    client.close();
    admin.close();
  });
  const { topic } = domains.commerce;
  await admin.publish(topic, [{ data: Buffer.from("{}"), orderingKey: "u" }]);
  const pull = async (id: string) => {
    const subscription = `projects/demo/subscriptions/${id}`;
    const { receivedMessages } = await callUnary(client, subscriberMethods.Pull, { subscription, maxMessages: 1 });
    return { subscription, ackIds: receivedMessages.map(({ ackId }) => ackId), receivedMessages };
  };
  for (let delivery = 0; delivery < 10; delivery += 1) {
    const { subscription, ackIds } = await pull(`${topic}.default`);
    await callUnary(client, subscriberMethods.ModifyAckDeadline, { subscription, ackIds, ackDeadlineSeconds: 0 });
  }
  const { receivedMessages } = await pull(`${topic}.dead-letter.kept`);
  expect(receivedMessages[0]?.message).toMatchObject({
    orderingKey: "u",
    attributes: { CloudPubSubDeadLetterSourceSubscription: `${topic}.default` },
  });
  const time = { seconds: 0, nanos: 0 };
  await callUnary(client, subscriberMethods.Seek, {
    subscription: `projects/demo/subscriptions/${topic}.default`,
    time,
  });
  expect((await pull(`${topic}.default`)).receivedMessages).toHaveLength(1);
  child.kill("SIGINT");
});

it("says in one line what it cannot do", async () => {
  const { child, output } = start(["--port=x"]);
  expect((await once(child, "exit"))[0]).toBe(1);
  expect(output.text).toBe('--port must be a number from 0 to 65535, not "x".\n');
});
