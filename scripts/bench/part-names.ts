/** The parts of the benchmark, in the order in which they run. */
export const partNames = ["cpu", "cold", "memory", "size", "batch", "payload", "client", "flatness"] as const;

export type PartName = (typeof partNames)[number];
