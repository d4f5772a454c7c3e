import type { FunctionName } from "../../../shared/events/registry.ts";
import type { Target } from "../target.ts";
import { toPlace } from "./service.ts";

/** The gcloud arguments that change who gets which share of a function's requests, within seconds. */
export function toTrafficCommand(name: FunctionName, target: Target, ...flags: readonly string[]): string[] {
  return ["run", "services", "update-traffic", name, ...flags, ...toPlace(target)];
}
