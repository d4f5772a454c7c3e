import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commerce } from "../../shared/events/commerce.ts";
import { installPackage } from "../common/run-program.ts";
import { collectTopic, type TopicCollector } from "../pubsub/collect-topic.ts";
import { contenders, prepareContenders, uncached } from "./contenders.ts";
import { sendOne } from "./load-point.ts";
import { type BrokerProcess, startBrokerProcess } from "./processes/broker.ts";
import { type SecureFront, startSecureFront } from "./processes/secure-front.ts";
import { startServer } from "./processes/server.ts";

const project = "contenders";
let broker: BrokerProcess;
let topic: TopicCollector;
let secure: SecureFront;

beforeAll(async () => {
  installPackage(fileURLToPath(new URL(".", import.meta.url)));
  await prepareContenders();
  broker = await startBrokerProcess(project);
  secure = await startSecureFront(broker.endpoint);
  topic = await collectTopic(broker.endpoint, project, commerce.topic);
}, 300_000);

afterAll(async () => {
  await topic.close();
  await secure.close();
  await broker.close();
});

describe("every contender, in a process of its own", () => {
  it.each([...contenders, uncached])(
    "$id $name answers 202, and does what it is measured for",
    async ({ program, publishes, isSecure }) => {
      const before = topic.messages.length;
      const server = await startServer(program, {
        endpoint: broker.endpoint,
        project,
        env: isSecure ? secure.toEnvironment() : {},
      });
      try {
        await sendOne(server.port);
        const arrived = (await topic.waitFor(before + (publishes ? 1 : 0))).slice(before);
        expect(arrived).toHaveLength(publishes ? 1 : 0);
        for (const { data, orderingKey } of arrived) {
          expect(JSON.parse(data.toString())).toMatchObject({ event_type: "order.placed", user_id: orderingKey });
        }
        expect(await server.cpuSeconds()).toBeGreaterThan(0);
        const { rssMiB, peakMiB } = await server.memory();
        expect(rssMiB).toBeGreaterThan(10);
        expect(peakMiB).toBeGreaterThanOrEqual(rssMiB);
      } finally {
        await server.stop();
      }
    },
  );
});
