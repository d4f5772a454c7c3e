import { parseArgs } from "node:util";
import { compareContracts } from "./compare-contracts.ts";
import { type Contract, loadContract } from "./contract.ts";
import { listStaleDocuments, writeDocuments } from "./documents.ts";
import { toAnnotations } from "./github.ts";
import { listStale, PUBLISHED, WAIVERS, writePictures } from "./pictures.ts";
import { readRevision } from "./revision.ts";
import { judge, toLine, toNoteLine, toWaivers } from "./verdict.ts";
import { readWaivers } from "./waivers.ts";

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
