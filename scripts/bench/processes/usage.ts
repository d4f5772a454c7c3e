import { readFile } from "node:fs/promises";

/** Clock ticks a second in `/proc`: fixed at 100 for user space on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** @returns CPU seconds, user and system, that all threads of a process have used so far */
export async function readCpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The second field, the name, may hold spaces; after it comes the third. User and system time are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MiB. */
export interface Memory {
  readonly rssMiB: number;
  /** The most that it ever had. */
  readonly peakMiB: number;
}

export async function readMemory(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const read = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return { rssMiB: read("VmRSS"), peakMiB: read("VmHWM") };
}
