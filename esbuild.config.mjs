import { build } from "esbuild";
import { toBuildOptions, writeDeployedPackage } from "./scripts/build/build-function.ts";
import { stageClient } from "./scripts/build/client/stage-client.ts";
import { domains } from "./shared/events/registry.ts";

// Stages one complete deploy source a function: dist/<name>/ with index.js, its map, package.json, package-lock.json.
// And dist/client/, the package @pulsecart/events for callers.
await Promise.all(
  Object.keys(domains).map(async (name) => {
    const { metafile } = await build({ ...toBuildOptions(name), logLevel: "error" });
    await writeDeployedPackage(name);
    const bytes = metafile.outputs[`dist/${name}/index.js`].bytes;
    console.log(`dist/${name}/  index.js ${Math.round(bytes / 1000)} kB`);
  }),
);
console.log(`dist/client/  index.js ${((await stageClient()) / 1000).toFixed(1)} kB`);
