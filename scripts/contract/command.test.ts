import { afterAll, afterEach, describe, expect, it } from "vitest";
import { DoctoredTree, type Edit } from "./testing/doctored-tree.ts";

/** Each case is a process or several, on a machine that has others to run. */
const TIMEOUT_MS = 120_000;

const commerce = "shared/events/commerce.ts";
const waivers = "shared/events/published/waivers.json";

const tree = new DoctoredTree();
afterEach(() => tree.reset());
afterAll(() => tree.close());

/** `total` of an order becomes optional: a break for consumers. */
const breaking: Edit = {
  file: commerce,
  from: "total: v.number()",
  to: "total: v.optional(v.number())",
};
const line = "order.placed payload.total  FORWARD  required removed: a consumer of yesterday counts on it";
/** Of the file's own making: what is printed, from the first entry to the last. */
const toPrinted = (stderr: string) => `[${stderr.slice(stderr.indexOf("{"), stderr.lastIndexOf("}") + 1)}]`;

describe("a waiver", { timeout: TIMEOUT_MS }, () => {
  it("as it is printed lets a break pass; once it is in the base and has no line, there is a notice", () => {
    tree.edit(breaking);
    const before = tree.run("--base", "HEAD");
    expect(before).toMatchObject({ code: 1, lines: [line] });
    tree.edit({ file: waivers, to: toPrinted(before.stderr) });
    const [{ until }] = JSON.parse(tree.read(waivers));
    expect(tree.run("--base", "HEAD")).toMatchObject({ code: 0, lines: [`${line} (meant until ${until}: …)`] });
    tree.commit();
    const { code, lines } = tree.run("--base", "HEAD");
    expect({ code, lines }).toEqual({
      code: 0,
      lines: [
        `${waivers}  NOTICE  the waiver of order.placed payload.total FORWARD has no line any more: remove it once every branch has its change`,
      ],
    });
  });

  it.each([
    ["[", "JSON"],
    ['[{"event_type":"order.placed"}]', "0.path"],
    ["{}", "Array"],
  ])("that reads %s is a fault", (to, fault) => {
    tree.edit({ file: waivers, to });
    const { code, lines, stderr } = tree.run("--base", "HEAD");
    expect(stderr).toMatch(new RegExp(`^contract: ${waivers} is not as it should be: .*${fault}.*\n$`));
    expect({ code, lines }).toEqual({ code: 2, lines: [] });
  });
});

describe("--base", { timeout: TIMEOUT_MS }, () => {
  it("compares with any revision, committed or not", () => {
    tree.edit(breaking);
    tree.commit();
    expect(tree.run("--base", "HEAD")).toMatchObject({ code: 0, lines: [] });
    expect(tree.run("--base", "HEAD~1")).toMatchObject({ code: 1, lines: [line] });
    expect(tree.run("--base", "main~1", "--write")).toMatchObject({ code: 1 });
  });

  it("needs no pictures of the base", () => {
    tree.remove("shared/events/published");
    tree.commit();
    tree.edit(breaking);
    expect(tree.run("--base", "HEAD")).toMatchObject({ code: 1, lines: [line] });
  });

  it("takes the pictures of a base whose sources do not run, and says so", () => {
    tree.edit({ file: commerce, from: 'from "./codes.ts"', to: 'from "./gone.ts"' });
    tree.commit();
    tree.edit({ file: commerce, from: 'from "./gone.ts"', to: 'from "./codes.ts"' }, breaking);
    const { code, lines, stderr } = tree.run("--base", "HEAD");
    expect(stderr).toContain("the sources of HEAD were not run");
    expect({ code, lines }).toEqual({ code: 1, lines: [line] });
  });

  it.each<[string, () => void, string[], RegExp]>([
    ["a revision that is none", () => {}, ["--base", "v9"], /^contract: git knows no revision "v9" here\n$/],
    [
      "a base without a contract",
      () => {
        tree.remove("shared/events");
        tree.commit();
        tree.restore();
      },
      ["--base", "HEAD"],
      /^contract: HEAD has neither shared\/events\/registry.ts nor pictures in shared\/events\/published\/\n$/,
    ],
    [
      "a registry that does not run",
      () => tree.edit({ file: commerce, from: "defineDomain({", to: "defineDomain(((" }),
      ["--base", "HEAD"],
      /^contract: [^\n]+\n$/,
    ],
    [
      "a schema that nothing describes",
      () =>
        tree.edit({
          file: commerce,
          from: "total: v.number()",
          to: "total: v.date()",
        }),
      ["--base", "HEAD"],
      /^contract: order.placed cannot be described: [^\n]*date[^\n]*\n$/,
    ],
    ["an option that is none", () => {}, ["--bass", "HEAD"], /^contract: Unknown option '--bass'[^\n]*\n$/],
    [
      "a format that is none",
      () => {},
      ["--base", "HEAD", "--format", "xml"],
      /^contract: --format is text or github, not xml\n$/,
    ],
  ])("cannot tell of %s", (_, doctor, args, message) => {
    doctor();
    const { code, lines, stderr } = tree.run(...args);
    expect(stderr).toMatch(message);
    expect({ code, lines }).toEqual({ code: 2, lines: [] });
  });

  it("annotates for GitHub, at the entry of the event type", () => {
    tree.edit(breaking, {
      file: commerce,
      from: "currency: v.optional(v.string()),",
      to: "currency: v.optional(v.string()),\n        gift: v.optional(v.unknown()),",
    });
    const { code, lines } = tree.run("--base", "HEAD", "--format", "github");
    const at =
      tree
        .read(commerce)
        .split("\n")
        .findIndex((text) => text.includes('"order.placed": {')) + 1;
    expect(lines.toSorted()).toEqual([
      `::error file=${commerce},line=${at},title=FORWARD::${line}`,
      `::notice file=${commerce},line=${at},title=COMPATIBLE::order.placed payload.gift  COMPATIBLE  optional property added`,
    ]);
    expect(code).toBe(1);
  });
});

describe("--write", { timeout: TIMEOUT_MS }, () => {
  it("renews what is stale, removes what is gone, and then there is nothing to do", () => {
    tree.edit({ file: commerce, from: '"payment.failed": {', to: '"payment.declined": {' });
    const published = "shared/events/published/";
    expect(tree.run()).toMatchObject({
      code: 1,
      lines: ["payment.declined.json", "payment.failed.json"].map(
        (file) => `${published}${file} is not what the contract says: npm run contract -- --write`,
      ),
    });
    expect(tree.run("--write")).toMatchObject({ code: 0 });
    expect(JSON.parse(tree.read(`${published}payment.declined.json`))).toMatchObject({
      event_type: "payment.declined",
      topic: "pulsecart.commerce-events",
      ordering_key: "user_id",
      accepted: { required: ["event_type", "user_id", "payload"] },
      published: { required: ["event_type", "event_id", "timestamp", "user_id", "payload"] },
    });
    expect(() => tree.read(`${published}payment.failed.json`)).toThrow();
    expect(tree.run()).toMatchObject({ code: 0 });
  });
});
