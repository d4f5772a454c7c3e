import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it, onTestFinished } from "vitest";
import { functionNames } from "../../shared/events/registry.ts";
import { toBuildOptions, toStagedFolder } from "./build-function.ts";
import { toThirdPartyNotices } from "./third-party-notices.ts";

// That the bundle publishes, fails, retries and authenticates is tested in functions/*.test.ts, through the bundle.
describe("the slim client", () => {
  it("fails the build when a module that it replaces is not met", async () => {
    const options = toBuildOptions("commerce");
    const withoutClient = build({
      ...options,
      write: false,
      external: [...(options.external ?? []), "@grpc/proto-loader"],
    });
    await expect(withoutClient).rejects.toThrow(/proto-loader.* is not part of the bundle any more/);
  });

  it("keeps a function's bundle below 1.4 MB", async () => {
    const { metafile } = await build({ ...toBuildOptions("commerce"), write: false });
    const bytes = metafile?.outputs["dist/commerce/index.js"]?.bytes;
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(1_400_000);
  });
});

describe("third-party notices", () => {
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
        const {
          name: packageName,
          version,
          license,
        } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
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
    const output = {
      bytes: 1,
      imports: [],
      exports: [],
      inputs: { "node_modules/bare/index.js": { bytesInOutput: 1 } },
    };
    expect(() => toThirdPartyNotices({ inputs: {}, outputs: { x: output } }, folder)).toThrow(
      "bare 1.0.0 (MIT) comes without the text of its licence.",
    );
  });
});

describe("the release", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));

  it("the release's last step publishes the staged client", { timeout: 60_000 }, () => {
    const contributing = readFileSync(`${root}docs/contributing.md`, "utf8");
    const [, command = ""] = /## Release\n[\s\S]*?```sh\n(npm publish .*)\n```/.exec(contributing) ?? [];
    const { status, stdout, stderr } = spawnSync(`${command} --dry-run`, {
      cwd: root,
      shell: true,
      encoding: "utf8",
      // Offline, npm would try again for more than a minute.
      env: { ...process.env, npm_config_fetch_retries: "0" },
    });
    expect(stdout, stderr).toMatch(/^\+ @pulsecart\/events@\d/m);
    expect(status).toBe(0);
  });
});
