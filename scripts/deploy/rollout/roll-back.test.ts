import { expect, test } from "vitest";
import type { Revision } from "../cloud-run/service.ts";
import { findEarlier } from "./roll-back.ts";

/** `name commit image`, newest first; `-` stands for no label, a `!` before the name for a revision that never became ready. */
function toRevisions(...lines: readonly string[]): Revision[] {
  return lines.map((line) => {
    const [name = "", commit = "", image = ""] = line.split(" ");
    return {
      metadata: { name: name.replace("!", ""), labels: commit === "-" ? {} : { commit } },
      spec: { containers: [{ image }] },
      status: { conditions: [{ type: "Ready", status: name.startsWith("!") ? "False" : "True" }] },
    };
  });
}

test.each<[string, string[], number, string | undefined]>([
  ["of another commit", ["c new 3", "b old 2", "a older 1"], 0, "b"],
  ["past revisions of the same commit", ["d new 3", "c new 3", "b old 2"], 0, "b"],
  ["past the one that a deployment makes before its labels", ["d new 3", "c - 3", "b old 2", "a - 2"], 0, "b"],
  ["past the same with the labels of before", ["d new 3", "c old 3", "b old 2"], 0, "b"],
  ["to what was deployed before there were labels", ["c new 3", "b - 3", "a - 2"], 0, "a"],
  ["without labels to the one before", ["b - 2", "a - 1"], 0, "a"],
  ["never to one that does not start", ["c new 3", "!b old 2", "a older 1"], 0, "a"],
  ["a second time further back, and not forth again", ["c new 3", "b old 2", "a older 1"], 1, "a"],
  ["nowhere from the first", ["b new 2", "a new 1"], 0, undefined],
])("a rollback goes %s", (_, lines, from, to) => {
  const revisions = toRevisions(...lines);
  expect(findEarlier(revisions, revisions[from] as Revision)?.metadata.name).toBe(to);
});
