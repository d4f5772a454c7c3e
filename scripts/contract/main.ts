import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compareContracts } from "./compare-contracts.ts";
import { type Contract, loadContract } from "./contract.ts";
import { listStaleDocuments, writeDocuments } from "./documents.ts";
import { listStale, PUBLISHED, WAIVERS, writePictures } from "./pictures.ts";
import { readRevision } from "./revision.ts";
import { type Finding, judge, toLine, toNoteLine, toWaivers, type Verdict } from "./verdict.ts";
import { readWaivers } from "./waivers.ts";

const root = new URL("../../", import.meta.url);

/** @returns one annotation of GitHub Actions a finding, at the event type's entry */
function toAnnotations({ findings, notes }: Verdict): string[] {
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

// npm run contract: see `usage`. 0: nobody is broken, 1: somebody is, 2: it cannot tell.

const usage = `Usage: npm run contract -- --write
       npm run contract -- --base REVISION [--format text|github]

  --write            renews ${PUBLISHED}, the committed picture of the contract, and the documents' tables
  --base REVISION    compares the contract with that of a git revision, such as origin/main or HEAD
  --format FORMAT    text (default), or github for annotations
  (neither)          says which pictures are not as the contract is

Exit code 0: nobody is broken. 1: callers (BACKWARD) or consumers (FORWARD) are, or a waiver is wrong. 2: the command
cannot tell (UNKNOWN). docs/contributing.md says what to do.
`;

process.exitCode = await run(process.argv.slice(2)).catch((error: Error) => {
  console.error(`contract: ${error.message.split("\n")[0]}`);
  return 2;
});

async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      write: { type: "boolean" },
      base: { type: "string" },
      format: { type: "string", default: "text" },
      help: { type: "boolean" },
    },
  });
  if (!["text", "github"].includes(values.format)) throw new Error(`--format is text or github, not ${values.format}`);
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const contract = await loadContract(new URL("../../shared/events/registry.ts", import.meta.url));
  const { domains } = await import("../../shared/events/registry.ts");
  const all = Object.values(domains);
  if (values.write) {
    for (const line of writePictures(contract)) console.log(line);
    for (const file of writeDocuments(all)) console.log(`${file} written`);
  }
  if (values.base !== undefined) return compare(contract, values.base, values.format);
  const stale = [...listStale(contract).map((file) => PUBLISHED + file), ...listStaleDocuments(all)];
  for (const file of stale) console.log(`${file} is not what the contract says: npm run contract -- --write`);
  if (stale.length === 0) console.log(`${PUBLISHED} and the documents' tables are what the contract says.`);
  return stale.length === 0 ? 0 : 1;
}

async function compare(contract: Contract, base: string, format: string): Promise<number> {
  const waivers = readWaivers();
  const { contract: before, waivers: known, fault } = await readRevision(base);
  const verdict = judge(compareContracts(before, contract), waivers, known);
  const lines = [...verdict.findings.map(toLine), ...verdict.notes.map(toNoteLine)];
  for (const line of format === "github" ? toAnnotations(verdict) : lines) console.log(line);
  if (fault !== undefined) {
    console.error(
      `contract: the sources of ${base} were not run (${fault}): its pictures show no rule that JSON Schema cannot say`,
    );
  }
  const meant = toWaivers(verdict);
  if (meant !== undefined) {
    console.error(
      `contract: what is meant goes into ${PUBLISHED}${WAIVERS}, each with your reason and a last day:\n${meant}`,
    );
  }
  if (lines.length === 0) console.error(`contract: the same as that of ${base}`);
  return verdict.exitCode;
}
