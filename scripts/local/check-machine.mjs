import { existsSync } from "node:fs";

// Loaded ahead of what needs the project's own Node (`node --import`): says in one line why that is not there. Plain
// JavaScript, as the Node that runs it may be any.

const major = Number(process.versions.node.split(".")[0]);

if (!existsSync(new URL("../../node_modules/esbuild", import.meta.url))) {
  exit("The packages are not installed: run npm install first.");
}
if (major < 24) {
  exit(
    `This needs Node 24 and runs on ${process.versions.node}: npm install brings Node 24, unless install scripts are ` +
      "switched off (--ignore-scripts); then npm rebuild node --ignore-scripts=false helps. Start it by npm.",
  );
}

function exit(message) {
  console.error(message);
  process.exit(1);
}
