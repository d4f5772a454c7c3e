import type { Domain } from "../../../../shared/events/domain.ts";
import { domains } from "../../../../shared/events/registry.ts";

/** All functions, in the registry's order. */
export const functions: readonly Domain[] = Object.values(domains);

/** Successive hues that far apart never come close to each other, however many there are. */
const GOLDEN_ANGLE = 137.508;
const FIRST_HUE = 290;

/** @returns the style that gives an element the colour of a function; grey for none */
export function toColour(name: string): Record<string, string> {
  const index = functions.findIndex((each) => each.name === name);
  if (index === -1) return { "--chroma": "0" };
  return { "--hue": String(Math.round((FIRST_HUE + index * GOLDEN_ANGLE) % 360)) };
}
