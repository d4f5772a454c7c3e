import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { readText, writeText } from "../common/text-file.ts";
import type { Contract } from "./contract.ts";

/** Where the pictures are committed. */
export const PUBLISHED = "shared/events/published/";

export const WAIVERS = "waivers.json";

const folder = new URL(`../../${PUBLISHED}`, import.meta.url);

/** @returns the files of `shared/events/published/` that are not what the contract says, those that are missing or too many with them */
export function listStale(contract: Contract): string[] {
  const expected = toFiles(contract);
  const differing = [...expected]
    .filter(([file, text]) => readText(new URL(file, folder)) !== text)
    .map(([file]) => file);
  return [...differing, ...listPresent().filter((file) => !expected.has(file))].sort();
}

/**
 * Renews the pictures.
 *
 * @returns a line for each file that it wrote or removed
 */
export function writePictures(contract: Contract): string[] {
  const expected = toFiles(contract);
  mkdirSync(folder, { recursive: true });
  return listStale(contract).map((file) => {
    const text = expected.get(file);
    if (text === undefined) rmSync(new URL(file, folder));
    else writeText(new URL(file, folder), text);
    return `${PUBLISHED}${file} ${text === undefined ? "removed" : "written"}`;
  });
}

function toFiles(contract: Contract): Map<string, string> {
  return new Map(
    [...contract].map(([eventType, { picture }]) => [`${eventType}.json`, `${JSON.stringify(picture, null, 2)}\n`]),
  );
}

function listPresent(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((file) => file.endsWith(".json") && file !== WAIVERS);
}
