import { expect, it, onTestFinished } from "vitest";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import { connectPubSub } from "./client.ts";
import { collectTopic } from "./collect-topic.ts";
import { createMessages } from "./conformance/fixture.ts";
import { startEmbeddedPubSub } from "./embedded/server.ts";

/** The server, a proxy in front of it that only the collector goes through, and a publisher. */
async function start() {
  const server = await startEmbeddedPubSub();
  onTestFinished(() => server.close());
  const proxy = await startTcpProxy(server.endpoint);
  onTestFinished(() => proxy.close());
  const collector = await collectTopic(proxy.endpoint, "test", "topic");
  const admin = connectPubSub(server.endpoint, "test");
  onTestFinished(() => admin.close());
  return { server, proxy, collector, admin };
}

it("collects on after its connection broke", async () => {
  const { server, proxy, collector, admin } = await start();
  await admin.publish("topic", createMessages("key", "1"));
  await collector.waitFor(1);
  // Until it is acknowledged, its key's next message has to wait for its deadline, ten seconds.
  await expect.poll(() => server.stats().held).toBe(0);
  const { connections } = proxy;
  proxy.drop();
  // A message sent to the broken stream would come again only once its deadline has passed.
  await expect.poll(() => proxy.connections).toBeGreaterThan(connections);
  await admin.publish("topic", createMessages("key", "2"));
  const messages = await collector.waitFor((all) => all.some(({ data }) => data.toString() === "2"));
  expect(messages[0]?.data.toString()).toBe("1");
  await collector.close();
});

it("says how many messages there were when it waited in vain", async () => {
  const { collector, admin } = await start();
  await admin.publish("topic", createMessages("", "1"));
  await collector.waitFor(1);
  await expect(collector.waitFor(2, 50)).rejects.toThrow("1 messages had arrived on topic after 50 ms: not enough");
  await collector.close();
});

it("acknowledges what it collects, and leaves nothing on the server when closed", async () => {
  const { server, collector, admin } = await start();
  await admin.publish("topic", createMessages("key", "1", "2"));
  await collector.waitFor(2);
  await expect.poll(() => server.stats().held).toBe(0);
  await collector.close();
  await admin.publish("topic", createMessages("key", "3"));
  expect(server.stats().held).toBe(0);
});
