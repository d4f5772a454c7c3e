import { v1 } from "@google-cloud/pubsub";
import { credentials } from "@grpc/grpc-js";
import { GoogleAuth, googleAuthLibrary } from "google-gax";
import { expect, it, onTestFinished, vi } from "vitest";
import { startEmbeddedPubSub } from "../../../scripts/pubsub/embedded/server.ts";
import { findSession } from "./session.ts";

// Fails when a version of grpc-js keeps the session elsewhere: publishing would go on, at twice the cost.
it("finds the session of the client's channel once it is connected, and none before and after", async () => {
  const pubsub = await startEmbeddedPubSub();
  onTestFinished(() => pubsub.close());
  const [hostname = "", port] = pubsub.endpoint.split(":");
  const client = new v1.PublisherClient({
    projectId: "test",
    apiEndpoint: hostname,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    auth: new GoogleAuth({ authClient: new googleAuthLibrary.PassThroughClient() }),
  });
  const stub = (await client.initialize()) as unknown as Parameters<typeof findSession>[0];
  expect(findSession(stub)).toBeUndefined();
  await client.createTopic({ name: "projects/test/topics/topic" });
  const session = findSession(stub);
  expect(session?.alpnProtocol).toBe("h2c");
  expect(findSession(stub) === session).toBe(true);
  session?.close();
  expect(findSession(stub)).toBeUndefined();
  // The channel connects again for the next call, and this session is found as well.
  await vi.waitUntil(() => session?.destroyed, 10_000);
  await client.getTopic({ topic: "projects/test/topics/topic" });
  expect(findSession(stub)?.alpnProtocol).toBe("h2c");
  stub.close();
  expect(findSession(stub)).toBeUndefined();
});
