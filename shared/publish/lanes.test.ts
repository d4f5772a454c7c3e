import { expect, it } from "vitest";
import { getGarbageCollector } from "../../scripts/testing/garbage-collector.ts";
import { Lanes } from "./lanes.ts";

const MESSAGE_BYTES = 8000;
const WAVES = 100;
const KEYS = 100;

// V8's minor collections take nothing that a table of a Map still holds once a larger table has replaced it.
it("leaves nothing of a message that is answered to a major garbage collection", async () => {
  const collectGarbage = getGarbageCollector();
  const lanes = new Lanes({ maxMessages: 100, maxBytes: 1e6 }, async (messages) => messages.map(() => "1"));
  const publish = (orderingKey: string) =>
    new Promise((resolve, reject) => {
      // Text of its own, as text is on the heap: the bytes of buffers are not.
      const attributes = { text: Buffer.alloc(MESSAGE_BYTES, "x").toString("latin1") };
      lanes.add({
        data: Buffer.alloc(0),
        orderingKey,
        attributes,
        userId: orderingKey,
        batch: undefined,
        deadline: Date.now() + 1000,
        resolve,
        reject,
      });
    });
  collectGarbage();
  for (let wave = 0; wave < WAVES; wave++) {
    await Promise.all(Array.from({ length: KEYS }, (_, i) => publish(`${wave % 3}-${i}`)));
    collectGarbage({ type: "minor" });
  }
  collectGarbage({ type: "minor" });
  const before = process.memoryUsage().heapUsed;
  collectGarbage();
  const retained = before - process.memoryUsage().heapUsed;
  expect(retained).toBeLessThan((WAVES * KEYS * MESSAGE_BYTES) / 20);
});
