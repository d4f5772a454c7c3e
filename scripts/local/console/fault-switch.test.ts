import { expect, it, onTestFinished } from "vitest";
import { startBroker } from "../../pubsub/broker.ts";
import { isFaultName, switchFault } from "./fault-switch.ts";

it("has the embedded server fail until told otherwise", async () => {
  const broker = await startBroker("embedded");
  onTestFinished(() => broker.close());
  if (broker.kind !== "embedded") throw new Error("It was asked for.");
  const readFault = () => broker.embedded.faults.take({ topic: "t", messages: [] });
  expect(switchFault(broker, "slow")).toBe(true);
  expect(switchFault(broker, "silent")).toBe(true);
  expect([readFault(), readFault()]).toEqual([{ kind: "hang" }, { kind: "hang" }]);
  switchFault(broker, "none");
  expect(readFault()).toBeUndefined();
});

it("cannot have another server fail", () => {
  expect(switchFault({ kind: "external", endpoint: "", close: async () => {} }, "slow")).toBe(false);
});

it("knows no fault by a name that every object has", () => {
  expect(["silent", "toString", "__proto__", 1].map(isFaultName)).toEqual([true, false, false, false]);
});
