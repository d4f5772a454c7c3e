import { readFileSync } from "node:fs";
import type { Domain } from "../../../shared/events/domain.ts";

const path = "docs/operations.md";
const file = new URL(`../../../${path}`, import.meta.url);

/**
 * Writes what an alert says: the text of its section of the runbook, and the link to it.
 *
 * @param title the section's heading
 * @param url where people read docs/operations.md; its path in the repository unless given
 */
export function readRunbook(title: string, url: string = path): string {
  const sections = readFileSync(file, "utf8").split(/^#{2,3} /m);
  const section = sections.find((text) => text.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`${path} has no section ${JSON.stringify(title)}`);
  return `${section.slice(title.length).trim()}\n\nRunbook: ${url}#${toAnchor(title)}`;
}

/** @returns a paragraph with the owner of each event type that has one; empty where none has */
export function listOwners(domains: readonly Domain[]): string {
  const owned = domains.flatMap(({ events }) => Object.values(events)).filter(({ owner }) => owner !== undefined);
  const lines = owned.map(({ type, owner }) => `- \`${type}\`: ${owner}`);
  return lines.length === 0 ? "" : `\n\nOwners:\n\n${lines.join("\n")}`;
}

/** The anchor that GitHub and GitLab give a heading. */
function toAnchor(title: string): string {
  const kept = title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "");
  return kept.replaceAll(" ", "-");
}
