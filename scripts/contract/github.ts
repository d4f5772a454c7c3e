import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PUBLISHED, WAIVERS } from "./pictures.ts";
import { type Finding, toLine, toNoteLine, type Verdict } from "./verdict.ts";

const root = new URL("../../", import.meta.url);

/** @returns one annotation of GitHub Actions a finding, at the event type's entry */
export function toAnnotations({ findings, notes }: Verdict): string[] {
  return [
    ...findings.map((finding) => {
      const { file, line } = findEntry(finding.eventType);
      const place = `file=${escapeProperty(file)},line=${line}`;
      return `::${toLevel(finding)} ${place},title=${escapeProperty(finding.kind)}::${escapeData(toLine(finding))}`;
    }),
    ...notes.map((note) => {
      const level = note.kind === "NOTICE" ? "notice" : "error";
      return `::${level} file=${escapeProperty(PUBLISHED + WAIVERS)},title=${note.kind}::${escapeData(toNoteLine(note))}`;
    }),
  ];
}

function toLevel({ kind, isWaived }: Finding): string {
  if (isWaived || kind === "MARKED") return "warning";
  return kind === "COMPATIBLE" || kind === "NOTICE" ? "notice" : "error";
}

/** Where an event type is stated; of one that is gone, where its domain was. */
function findEntry(eventType: string): { file: string; line: number } {
  const sources = globSync("shared/events/*.ts", { cwd: fileURLToPath(root) }).filter(
    (file) => !file.endsWith(".test.ts"),
  );
  for (const file of sources.sort()) {
    const lines = readFileSync(new URL(file, root), "utf8").split("\n");
    const index = lines.findIndex((line) => line.trimStart().startsWith(`${JSON.stringify(eventType)}:`));
    if (index !== -1) return { file, line: index + 1 };
  }
  const picture = `${PUBLISHED}${eventType}.json`;
  return { file: existsSync(new URL(picture, root)) ? picture : "shared/events/registry.ts", line: 1 };
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
