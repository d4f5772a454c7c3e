import fc from "fast-check";

/** Names that schemas give their members: some that objects have by themselves, none at all, and what JSON escapes. */
export const names = ["a", "b", "ü", "c.d", "", "__proto__", "constructor", "toString", "length", 'q"\\', "\n", "😀"];

export const anyTexts = [
  "",
  "x",
  "one",
  "two",
  "three",
  "ööö",
  "😀😀",
  'q"\\',
  "0123456789",
  "a@b.ch",
  "a b c",
  "x".repeat(70_000),
];

export const anyNumbers = [
  ...[
    "0",
    "3",
    "-0",
    "-0.0",
    "2.50",
    "1E1",
    "0.1",
    "1e400",
    "-1e400",
    "1E-400",
    "-1E-400",
    "12345678901234567890",
    "1e-7",
  ],
  ...["0.1000000000000000055511151231257827021181583404541015625", "1.7976931348623157e308", "1.7976931348623159e308"],
  ...["4.9e-324", "2e-324", "9007199254740993", "123456789012345", "0.30000000000000004", "1e+2", "0e999", "3.0", "-3"],
  ...["1".repeat(400), `0.${"0".repeat(400)}1`, `3.${"0".repeat(40)}`],
];

/** How a text may be written: as JSON.stringify does, or each of its characters escaped. */
export function writeText(text: string, isEscaped: boolean): string {
  if (!isEscaped) return JSON.stringify(text);
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return `"${units.map((unit, i) => `\\u${unit.toString(16).padStart(4, "0")[i % 2 ? "toUpperCase" : "toString"]()}`).join("")}"`;
}

const anyKey = fc
  .tuple(fc.constantFrom(...names, ...names, "t", "t", "t", "u", "x", "prototype", "0"), fc.integer({ min: 0, max: 5 }))
  .map(([name, way]) => writeText(name, way === 0));

/** JSON text: members may stand twice, and names and texts may be escaped. */
export const { json: anyJson } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: "small", withCrossShrink: true },
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom(...anyTexts), fc.integer({ min: 0, max: 5 }))
        .map(([text, way]) => writeText(text, way === 0)),
    },
    { weight: 5, arbitrary: fc.constantFrom(...anyNumbers) },
    { weight: 2, arbitrary: fc.constantFrom("true", "false", "null") },
    {
      weight: 7,
      arbitrary: fc
        .array(fc.tuple(anyKey, tie("json")), { maxLength: 6 })
        .map((members) => `{ ${members.map(([name, value]) => `${name} :${value}`).join(" , ")}}`),
    },
    { weight: 4, arbitrary: fc.array(tie("json"), { maxLength: 5 }).map((items) => `[ ${items.join(" ,")}]`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: 1, max: 240 }), fc.boolean(), tie("json"))
        .map(([depth, isArray, value]) =>
          isArray
            ? `${"[".repeat(depth)}${value}${"]".repeat(depth)}`
            : `${'{"a":'.repeat(depth)}${value}${"}".repeat(depth)}`,
        ),
    },
  ),
}));
