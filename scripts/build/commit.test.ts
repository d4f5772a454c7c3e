import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { readCommit } from "./commit.ts";

it("reads the commit of the tree, and nothing where there is no git", () => {
  // A source archive has no history; CI and whoever clones do.
  const isClone = readCommit() !== undefined;
  if (isClone) expect(execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" })).toContain(readCommit());
  expect(readCommit(tmpdir())).toBeUndefined();
});
