import { readFileSync } from "node:fs";
import { root } from "./caller-folder.ts";

/** One fenced block of docs/calling.md. */
export interface Block {
  /** Of the section that it is in; undefined above the first one. */
  readonly heading: string | undefined;
  readonly language: string;
  readonly code: string;
}

/** All blocks of docs/calling.md, in order. */
export const blocks: readonly Block[] = readFileSync(`${root}docs/calling.md`, "utf8")
  .split(/^## /m)
  .flatMap((section, i) => {
    const heading = i === 0 ? undefined : section.split("\n", 1)[0];
    return [...section.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language = "", code = ""]) => ({
      heading,
      language,
      code,
    }));
  });

/**
 * @param heading undefined for what is above the first one
 * @throws Error when there is no such block
 */
export function findBlock(heading: string | undefined, language: string, position = 0): string {
  const found = blocks.filter((block) => block.heading === heading && block.language === language)[position];
  if (found === undefined) throw new Error(`docs/calling.md has no ${language} at ${heading} (${position}).`);
  return found.code;
}
