import { rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { toBuildOptions, toStagedFolder, writeDeployedPackage } from "./scripts/build/build-function.ts";
import { listUnsupported } from "./scripts/build/check-payloads.ts";
import { listForgotten } from "./scripts/build/check-registry.ts";
import { stageClient } from "./scripts/build/client/stage-client.ts";
import { readCommit } from "./scripts/build/commit.ts";
import { toThirdPartyNotices } from "./scripts/build/third-party-notices.ts";
import { domains, functionNames } from "./shared/events/registry.ts";

const faults = [...listForgotten(domains), ...listUnsupported(domains)];
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}

const commit = readCommit();
// Stages one complete deploy source a function, in dist/<name>/, and dist/client/, the package @pulsecart/events for callers.
await Promise.all(
  functionNames.map(async (name) => {
    const options = toBuildOptions(name, { commit });
    // What else is there, such as a code cache of another bundle, would be deployed with it.
    await rm(toStagedFolder(name), { recursive: true, force: true });
    const { metafile } = await build({ ...options, logLevel: "error" });
    await writeDeployedPackage(name);
    const notices = toThirdPartyNotices(metafile, options.absWorkingDir);
    await writeFile(`${toStagedFolder(name)}THIRD_PARTY_NOTICES.txt`, notices);
    const bytes = metafile.outputs[`dist/${name}/index.js`].bytes;
    console.log(`dist/${name}/  index.js ${Math.round(bytes / 1000)} kB`);
  }),
);
console.log(`dist/client/  index.js ${((await stageClient()) / 1000).toFixed(1)} kB`);
