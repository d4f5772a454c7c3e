import { readFileSync } from "node:fs";
import { root } from "./caller-folder.ts";

/** One fenced block of a page. */
export interface Block {
  /** Of the section that it is in; undefined above the first one. */
  readonly heading: string | undefined;
  readonly language: string;
  readonly code: string;
}

/** @returns all blocks of a page in docs/, in order */
export function readBlocks(page: string): readonly Block[] {
  const sections = readFileSync(`${root}docs/${page}`, "utf8").split(/^## /m);
  return sections.flatMap((section, i) => {
    const heading = i === 0 ? undefined : section.split("\n", 1)[0];
    const found = section.matchAll(/^```(\w+)\n(.*?)^```/gms);
    return Array.from(found, ([, language = "", code = ""]) => ({ heading, language, code }));
  });
}

/** All blocks of docs/calling.md, in order. */
export const blocks = readBlocks("calling.md");

/**
 * @param heading undefined for what is above the first one
 * @throws Error when docs/calling.md has no such block
 */
export function findBlock(heading: string | undefined, language: string, position = 0): string {
  const found = blocks.filter((block) => block.heading === heading && block.language === language)[position];
  if (found === undefined) throw new Error(`docs/calling.md has no ${language} at ${heading} (${position}).`);
  return found.code;
}
