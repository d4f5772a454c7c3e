import { defineConfig } from "vitest/config";

/** `npm test`: what whoever changes something waits for. The rest is in vitest.slow.config.ts. */
export default defineConfig({
  test: {
    include: ["{functions,shared,scripts}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.slow.test.ts"],
    globalSetup: "scripts/testing/global-setup.ts",
    // Processes and brokers are started by the tests: two at a time is what two cores carry.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for is often another process's doing.
    expect: { poll: { timeout: 15_000 } },
  },
});
