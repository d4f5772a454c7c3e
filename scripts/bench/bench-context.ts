import type { BrokerProcess } from "../testing/broker-process.ts";
import type { Load } from "./load/load.ts";
import type { SecureFront } from "./processes/secure-front.ts";

/** What every part of the benchmark works with. */
export interface BenchContext {
  readonly project: string;
  /** How often each contender's turn comes. */
  readonly rounds: number;
  /** Events over which the memory of ours is watched. */
  readonly memoryEvents: number;
  readonly broker: BrokerProcess;
  /** TLS before the broker, and a metadata server. */
  readonly secure: SecureFront;
  readonly load: Load;
  /** Tells the reader at the terminal what is being measured. */
  tell(line: string): void;
}
