import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import { functionNames } from "../../shared/events/registry.ts";
import { toBuildOptions, toStagedFolder } from "./build-function.ts";
import { toThirdPartyNotices } from "./third-party-notices.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

it.each(functionNames)(
  "lie beside the bundle of %s and name every package in it, with a licence's text",
  async (name) => {
    const { metafile } = await build({ ...toBuildOptions(name), write: false });
    const notices = readFileSync(`${toStagedFolder(name)}THIRD_PARTY_NOTICES.txt`, "utf8");
    const inputs = Object.entries(metafile?.outputs[`dist/${name}/index.js`]?.inputs ?? {});
    const folders = inputs
      .filter(([path, { bytesInOutput }]) => path.includes("node_modules/") && bytesInOutput > 0)
      .map(([path]) => path.split("/").slice(0, path.split("/")[1]?.startsWith("@") ? 3 : 2));
    expect(folders.length).toBeGreaterThan(50);
    for (const folder of new Set(folders.map((parts) => parts.join("/")))) {
      const { name: packageName, version, license } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
      expect(notices).toContain(`\n${packageName} ${version} (${license})\n`);
    }
    const sections = notices.split(`\n${"-".repeat(80)}\n`).slice(1);
    for (const section of sections) expect(section.length).toBeGreaterThan(500);
    expect(notices).toContain("Copyright (c) Fabian Hiller");
  },
);

it("fail the build where the text of a licence cannot be found", () => {
  const folder = mkdtempSync(join(tmpdir(), "pulsecart-notices-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules/bare"), { recursive: true });
  const manifest = { name: "bare", version: "1.0.0", license: "MIT" };
  writeFileSync(join(folder, "node_modules/bare/package.json"), JSON.stringify(manifest));
  const output = { bytes: 1, imports: [], exports: [], inputs: { "node_modules/bare/index.js": { bytesInOutput: 1 } } };
  expect(() => toThirdPartyNotices({ inputs: {}, outputs: { x: output } }, folder)).toThrow(
    "bare 1.0.0 (MIT) comes without the text of its licence.",
  );
});
