import { status } from "@grpc/grpc-js";
import type { Faults } from "../../../pubsub/faults.ts";
import type { TcpProxy } from "../../tcp-proxy.ts";
import type { Random } from "./random.ts";
import type { RestartableFunction } from "./restartable-function.ts";

/** What a step can do something to. */
export interface Stage {
  readonly faults: Faults;
  readonly network: TcpProxy;
  readonly running: RestartableFunction;
}

/** Something that goes wrong at a moment. */
export interface Step {
  readonly atMs: number;
  /** For whoever reads what happened. */
  readonly name: string;
  act(stage: Stage): unknown;
}

const CODES = [
  ...[status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.INTERNAL, status.UNKNOWN, status.ABORTED],
  ...[status.DEADLINE_EXCEEDED, status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.NOT_FOUND],
  ...[status.FAILED_PRECONDITION, status.CANCELLED],
] as const;

type Fault = Omit<Step, "atMs">;

/** What can go wrong, each drawn as often as the others. */
const draws: readonly ((random: Random) => Fault)[] = [
  (random) => {
    const [code, count] = [random.pick(CODES), random.between(1, 60)];
    return { name: `${count} × ${status[code]}`, act: ({ faults }) => faults.failNext(count, code) };
  },
  (random) => {
    const [count, caller] = [random.between(1, 20), random.pick(["unavailable", "hang"] as const)];
    return {
      name: `${count} answers lost (${caller})`,
      act: ({ faults }) => faults.next(count, { kind: "lost-answer", caller }),
    };
  },
  (random) => {
    const [count, ms] = [random.between(1, 40), random.between(50, 1500)];
    return { name: `${count} answers ${ms} ms late`, act: ({ faults }) => faults.next(count, { kind: "delay", ms }) };
  },
  (random) => {
    const count = random.between(1, 10);
    return { name: `${count} calls hang`, act: ({ faults }) => faults.next(count, { kind: "hang" }) };
  },
  () => ({ name: "connections reset", act: ({ network }) => network.drop() }),
  () => ({ name: "connections go silent", act: ({ network }) => network.blackhole() }),
  (random) => {
    const ms = random.between(100, 1500);
    return {
      name: `everything silent for ${ms} ms`,
      act: ({ network }) => {
        network.blackhole({ includingNew: true });
        setTimeout(() => network.restore(), ms);
      },
    };
  },
  (random) => {
    const ms = random.between(50, 1500);
    return {
      name: `nothing listens for ${ms} ms`,
      async act({ network }) {
        await network.refuse();
        setTimeout(() => network.restore(), ms);
      },
    };
  },
  (random) => {
    const ms = random.between(10, 400);
    return { name: `bytes ${ms} ms late`, act: ({ network }) => network.setDelay(ms) };
  },
  (random) => {
    const signal = random.pick(["SIGTERM", "SIGKILL"] as const);
    return { name: `${signal}, and a new instance`, act: ({ running }) => running.restart(signal) };
  },
  (random) => {
    const ms = random.between(100, 1500);
    return { name: `frozen for ${ms} ms`, act: ({ running }) => running.freeze(ms) };
  },
];

/**
 * Draws what goes wrong, and when.
 *
 * @param durationMs within which all of it begins
 */
export function drawSchedule(random: Random, durationMs: number): readonly Step[] {
  return Array.from({ length: random.between(2, 7) }, () => {
    const atMs = random.between(0, durationMs);
    return { ...random.pick(draws)(random), atMs };
  }).sort((a, b) => a.atMs - b.atMs);
}
