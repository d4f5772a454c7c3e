import { defineConfig } from "vitest/config";

// npm run test:matrix: all paths of what `npm test` takes one of.
export default defineConfig({
  test: {
    include: ["{functions,shared,scripts}/**/*.matrix.ts"],
    globalSetup: "scripts/testing/global-setup.ts",
    fileParallelism: false,
    // A line for each path: the whole takes minutes.
    reporters: ["verbose"],
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
