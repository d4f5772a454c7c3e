import { afterAll, beforeAll, describe, inject } from "vitest";
import { type Broker, type BrokerChoice, startBroker } from "./broker.ts";
import { testClientPackage } from "./conformance/client-package.ts";
import { testDelivery } from "./conformance/delivery.ts";
import { testPublishing } from "./conformance/publishing.ts";
import { testRecovery } from "./conformance/recovery.ts";
import { testResources } from "./conformance/resources.ts";
import { testSettings } from "./conformance/settings.ts";
import { testStreams } from "./conformance/streams.ts";

const servers: { choice: BrokerChoice; name: string }[] = [
  { choice: "embedded", name: "the embedded Pub/Sub server" },
  { choice: "emulator", name: "the official Pub/Sub emulator" },
];

for (const { choice, name } of servers) {
  // Where it is missing, the emulator's tests are reported as skipped; CI has to have it, and fails without.
  describe.skipIf(choice === "emulator" && !inject("hasEmulator"))(name, () => {
    let broker: Broker;
    beforeAll(async () => {
      broker = await startBroker(choice);
    });
    afterAll(() => broker?.close());
    const getEndpoint = () => broker.endpoint;

    describe("topics and subscriptions", () => testResources(getEndpoint));
    describe("settings", () => testSettings(getEndpoint));
    describe("streams", () => testStreams(getEndpoint));
    describe("publishing", () => testPublishing(getEndpoint));
    describe("recovery", () => testRecovery(getEndpoint));
    describe("delivery", () => testDelivery(getEndpoint));
    describe("through @google-cloud/pubsub", () => testClientPackage(getEndpoint));
  });
}
