import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const tests = "{functions,shared,scripts}/**/*";

/** Which files each `--mode` runs: `npm test` is what whoever changes something waits for. */
const includes: Readonly<Record<string, string>> = {
  test: `${tests}.test.ts`,
  // npm run test:slow: what needs a browser, gcloud, packages to install, copies of the tree, real waits or many seeds.
  slow: `${tests}.slow.test.ts`,
  // npm run test:matrix: all paths of what `test:slow` takes one of.
  matrix: "functions/test/node-versions.slow.test.ts",
  // npm run test:browser: every job of the console, at every width and in both colour schemes, and the console under load.
  browser: "scripts/local/console/*.browser.ts",
};

/** What begins: a whole `npm test` in a copy of the tree takes minutes, and what waits for gcloud leaves it the machine. */
const beginning = ["/grown-registry.", "/scripts/deploy/", "/scripts/operate/"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const toRank = ({ moduleId }: TestSpecification) => {
      const rank = beginning.findIndex((part) => moduleId.includes(part));
      return rank === -1 ? beginning.length : rank;
    };
    return (await super.sort(files)).toSorted((a, b) => toRank(a) - toRank(b));
  }
}

export default defineConfig(({ mode }) => {
  const isOnDemand = ["matrix", "browser"].includes(mode);
  return {
    test: {
      include: [includes[mode] ?? tests],
      exclude: ["**/node_modules/**", ...(mode === "test" ? ["**/*.slow.test.ts"] : [])],
      ...(mode !== "browser" && { globalSetup: "scripts/testing/global-setup.ts" }),
      ...(mode === "slow" && { sequence: { sequencer: LongestFirst } }),
      // Processes and brokers are started by the tests: two at a time is what two cores carry.
      maxWorkers: isOnDemand ? 1 : 2,
      ...(mode === "matrix" && { env: { EVERY_NODE: "yes" } }),
      // A line for each path: the whole takes minutes.
      ...(isOnDemand && { reporters: ["verbose"] }),
      testTimeout: isOnDemand ? 120_000 : 30_000,
      hookTimeout: isOnDemand ? 120_000 : 60_000,
      // What is waited for is often another process's doing.
      expect: { poll: { timeout: 15_000 } },
    },
  };
});
