import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/** A package that a bundle holds code of. */
interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  readonly text: string | undefined;
}

/** Whose text is the same in every package: it names no holder of the rights. */
const SAME_EVERYWHERE = "Apache-2.0";

/**
 * Writes down whose code a bundle holds, under which licence, with the licences' texts: they ask for it where code is passed on.
 *
 * @param root the folder that the metafile's paths start from
 * @throws Error for a package whose licence cannot be found
 */
export function toThirdPartyNotices(metafile: Metafile, root: string): string {
  const packages = findPackages(metafile).map((folder) => readPackage(join(root, folder)));
  const shared = packages.find(({ license, text }) => license === SAME_EVERYWHERE && text)?.text;
  const namesByText = new Map<string, string[]>();
  for (const { name, version, license, text } of packages) {
    const found = (text ?? (license === SAME_EVERYWHERE ? shared : undefined))?.trim();
    if (!found) throw new Error(`${name} ${version} (${license}) comes without the text of its licence.`);
    namesByText.set(found, [...(namesByText.get(found) ?? []), `${name} ${version} (${license})`]);
  }
  const head = "This function holds code of the following packages, each under the licence that follows its name.\n";
  const sections = [...namesByText].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`);
  return [head, ...sections].join(`\n${"-".repeat(80)}\n\n`);
}

/** The folders of the packages that the outputs hold code of, in the order of their names. */
function findPackages({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const folders = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

function readPackage(folder: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { name, version, license: String(license), text: readLicense(folder) };
}

function readLicense(folder: string): string | undefined {
  const files = readdirSync(folder);
  const texts = files
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8"));
  if (texts.length > 0) return texts.join("\n");
  const readme = files.find((file) => /^readme/i.test(file));
  if (readme === undefined) return undefined;
  // Some keep it at the end of their README. A heading alone is none.
  const section = /^(?:#+ *licen[cs]e *\n|licen[cs]e *\n-{3,}\n)(.*)/ims.exec(
    readFileSync(join(folder, readme), "utf8"),
  );
  return section?.[1] && section[1].length > 500 ? section[1] : undefined;
}
