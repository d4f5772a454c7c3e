import { status } from "@grpc/grpc-js";
import type { Broker } from "../../pubsub/broker.ts";
import type { Fault } from "../../pubsub/embedded/faults.ts";
import { type FaultName, faultNames } from "./protocol.ts";

const faults: Readonly<Record<Exclude<FaultName, "none">, Fault>> = {
  slow: { kind: "delay", ms: 2000 },
  unavailable: { kind: "error", code: status.UNAVAILABLE },
  quota: { kind: "error", code: status.RESOURCE_EXHAUSTED },
  denied: { kind: "error", code: status.PERMISSION_DENIED },
  silent: { kind: "hang" },
  lost: { kind: "lost-answer", caller: "unavailable" },
};

/**
 * Has the embedded Pub/Sub server fail on every publish from now on, or work again.
 *
 * @returns whether it does so: no other server can be told to fail
 */
export function switchFault(broker: Broker, name: FaultName): boolean {
  if (broker.kind !== "embedded") return false;
  broker.embedded.faults.clear();
  if (name !== "none") broker.embedded.faults.use(() => faults[name]);
  return true;
}

/** Whether a value from outside names a fault. */
export function isFaultName(value: unknown): value is FaultName {
  return typeof value === "string" && Object.hasOwn(faultNames, value);
}
