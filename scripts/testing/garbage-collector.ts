import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** @returns V8's `gc`: a collection of the whole heap at once, or of the young generation alone */
export function getGarbageCollector(): (options?: { type: "minor" }) => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}
