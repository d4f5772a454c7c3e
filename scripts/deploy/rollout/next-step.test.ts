import { describe, expect, test } from "vitest";
import type { Revision, Service } from "../cloud-run/service.ts";
import { type Known, type Step, toNextStep } from "./next-step.ts";
import { findEarlier } from "./roll-back.ts";

const [old, next] = ["commerce-00001-abc", "commerce-00002-abc"];

type Target = {
  readonly revisionName?: string;
  readonly percent?: number;
  readonly latestRevision?: boolean;
  readonly tag?: string;
};

/** A service with two revisions, of which `next` is the newest. */
function toService(traffic: readonly Target[], newest = next): Service {
  return {
    spec: { traffic },
    status: {
      latestCreatedRevisionName: newest,
      latestReadyRevisionName: newest,
      traffic: traffic.map((target) => ({
        ...target,
        revisionName: target.revisionName ?? newest,
        ...(target.tag && { url: `https://${target.tag}---commerce` }),
      })),
    },
  };
}

const latest = { percent: 100, latestRevision: true };
const pinned = { revisionName: old, percent: 100 };
const tagged = { revisionName: next, tag: "candidate" };
const split = (share: number) => [
  { revisionName: old, percent: 100 - share },
  { revisionName: next, percent: share },
  tagged,
];
const nothing: Known = { revision: undefined, isVerified: false, stable: undefined, watchedShare: 0 };
const made: Known = { ...nothing, revision: next };
const verified: Known = { ...made, isVerified: true };

test.each<[string, Service | undefined, Known, Step]>([
  ["nothing is there", undefined, nothing, { kind: "deploy plainly" }],
  ["nothing serves", toService([]), nothing, { kind: "deploy plainly" }],
  ["the latest serves", toService([latest], old), nothing, { kind: "pin", stable: old }],
  ["it is pinned by its name", toService([pinned], old), nothing, { kind: "deploy", stable: old }],
  ["a rollback has pinned an old one", toService([pinned]), nothing, { kind: "deploy", stable: old }],
  ["another commit was left at 10 %", toService(split(10)), nothing, { kind: "pin", stable: old }],
  ["another commit was left at 50 %", toService(split(50)), nothing, { kind: "pin", stable: old }],
  ["the new one is made", toService([pinned]), { ...made, stable: old }, { kind: "tag", stable: old, revision: next }],
  [
    "the new one got all traffic by itself",
    toService([latest]),
    { ...made, stable: old },
    { kind: "restore", stable: old },
  ],
  [
    "the new one got some by itself",
    toService(split(5).slice(0, 2)),
    { ...made, stable: old },
    { kind: "restore", stable: old },
  ],
  [
    "the one before the boost got all by itself",
    toService([{ revisionName: "x", percent: 100 }]),
    { ...made, stable: old },
    { kind: "restore", stable: old },
  ],
  [
    "somebody else has made one since",
    toService([pinned], "x"),
    { ...verified, stable: old },
    { kind: "overtaken", stable: old, revision: "x" },
  ],
  [
    "an older try has the tag",
    toService([pinned, { revisionName: "x", tag: "candidate" }]),
    made,
    { kind: "tag", stable: old, revision: next },
  ],
  ["the new one is tagged", toService([pinned, tagged]), made, { kind: "verify", stable: old, revision: next }],
  ["it is verified", toService([pinned, tagged]), verified, { kind: "shift", stable: old, revision: next, share: 10 }],
  ["a run was broken off at 10 %", toService(split(10)), made, { kind: "verify", stable: old, revision: next }],
  ["it has 10 %", toService(split(10)), verified, { kind: "watch", stable: old, revision: next, share: 10 }],
  [
    "it was watched at 10 %",
    toService(split(10)),
    { ...verified, watchedShare: 10 },
    { kind: "shift", stable: old, revision: next, share: 50 },
  ],
  [
    "it has 50 %",
    toService(split(50)),
    { ...verified, watchedShare: 10 },
    { kind: "watch", stable: old, revision: next, share: 50 },
  ],
  [
    "it was watched at 50 %",
    toService(split(50)),
    { ...verified, watchedShare: 50 },
    { kind: "shift", stable: old, revision: next, share: 100 },
  ],
  ["it has all", toService([latest]), { ...verified, watchedShare: 50 }, { kind: "done", revision: next }],
])("%s", (_, service, known, step) => {
  expect(toNextStep(service, known)).toEqual(step);
});

describe("a rollback", () => {
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
});
