import { defineConfig } from "vitest/config";
import fast from "./vitest.config.ts";

/** `npm run test:slow`: what needs a browser, gcloud, packages to install, copies of the tree, real waits or many seeds. */
export default defineConfig({
  test: { ...fast.test, include: ["{functions,shared,scripts}/**/*.slow.test.ts"], exclude: ["**/node_modules/**"] },
});
