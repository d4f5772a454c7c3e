import { defineConfig } from "vitest/config";

// npm run test:browser: every job of the console, at every width and in both colour schemes, and the console under load.
export default defineConfig({
  test: {
    include: ["scripts/local/console/*.browser.ts"],
    fileParallelism: false,
    // A line for each job: the whole takes minutes.
    reporters: ["verbose"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 15_000 } },
  },
});
