import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { toBuildOptions } from "./build-function.ts";

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
