import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_DEPTH } from "../events/limits.ts";
import { Problem } from "../http/problem.ts";
import { JsonScanner } from "./json.ts";
import { skipSpace } from "./json-tokens.ts";

/** The verdict on a whole text: the error's position, or undefined when it is one JSON value. */
function findFault(text: string): number | undefined {
  const bytes = Buffer.from(text);
  try {
    const end = skipSpace(bytes, new JsonScanner(bytes).skipValue(skipSpace(bytes, 0), 0));
    return end === bytes.length ? undefined : end;
  } catch (error) {
    if (error instanceof Problem) return Number(/position (\d+)\.$/.exec(error.message)?.[1]);
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** Any JSON value with any white space between its tokens. */
const spacedJson = fc.tuple(fc.json(), fc.array(space, { minLength: 1 })).map(([json, spaces]) => {
  let i = 0;
  return json.replace(/"(?:[^"\\]|\\.)*"|[[\]{}:,]/g, (token) => spaces[i++ % spaces.length] + token + spaces[0]);
});

describe("the scan and JSON.parse", () => {
  it("accept the same documents", () => {
    fc.assert(fc.property(spacedJson, (text) => findFault(text) === undefined && isJson(text)));
  });

  it("agree on documents with one thing wrong", () => {
    const damaged = fc
      .tuple(spacedJson, fc.nat(), fc.constantFrom(...'{}[]:,"\\01-+.eEtfnu \n\u0000x'), fc.nat(2))
      .map(([text, at, character, cut]) => {
        const i = at % (text.length + 1);
        return text.slice(0, i) + character + text.slice(i + cut);
      });
    fc.assert(
      fc.property(damaged, (text) => (findFault(text) === undefined) === isJson(text)),
      { numRuns: 5000 },
    );
  });

  it("agree on anything made of JSON's characters", () => {
    const soup = fc.string({ unit: fc.constantFrom(...'{}[]:,"\\01-+.eEtrufalsn \n\u001f'), maxLength: 12 });
    fc.assert(
      fc.property(soup, (text) => (findFault(text) === undefined) === isJson(text)),
      { numRuns: 20000 },
    );
  });
});

describe("the position of a fault", () => {
  it.each([
    ["", 0],
    ["{", 1],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["[1 2]", 3],
    ["[01]", 2],
    ["[1.]", 3],
    ["[1e+]", 4],
    ["tru]", 3],
    ['"a\nb"', 2],
    ['"\\x"', 2],
    ['"\\u12g4"', 5],
    ['"abc', 4],
    ["{} x", 3],
    ["[1,2", 4],
    ["\ufeff{}", 0],
    ['"ü', 3],
  ])("in %j is byte %i", (text, position) => {
    expect(findFault(text)).toBe(position);
  });
});

it("knows which brackets are open, at any depth", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 100, size: "max" }), fc.nat(), (objects, at) => {
      const closers = objects.map((isObject) => (isObject ? "}" : "]")).reverse();
      const opened = objects.map((isObject) => (isObject ? '{"a":' : "[")).join("");
      expect(findFault(`${opened}1${closers.join("")}`)).toBeUndefined();
      const wrong = at % closers.length;
      const swapped = closers.with(wrong, closers[wrong] === "}" ? "]" : "}").join("");
      expect(findFault(`${opened}1${swapped}`)).toBe(opened.length + 1 + wrong);
    }),
  );
});

it("takes nesting as deep as a body can hold", () => {
  const depth = 4_000_000;
  const bytes = Buffer.alloc(depth * 2, "[").fill("]", depth);
  expect(new JsonScanner(bytes).skipValue(0, 0)).toBe(bytes.length);
});

describe("what consumers' parsers refuse", () => {
  const findUnfit = (text: string) => {
    const scanner = new JsonScanner(Buffer.from(text));
    scanner.skipValue(0, 0);
    return scanner.unfit;
  };

  it.each([
    ['"\\ud800"', 1],
    ['"a\\udfff"', 2],
    ['{"\\udc00":1}', 2],
    ['["\\ud83d\\ude00","\\uD83Dx"]', 17],
    ['"\\ud83d\\ud83d\\ude00"', 1],
    ['"\\ude00\\ud83d"', 1],
    ['"\\ud83d\\n"', 1],
    ['"\\ud83d\\\\ude00"', 1],
  ])("the unpaired surrogate in %s is at byte %i", (text, position) => {
    expect(findUnfit(text)).toEqual({ kind: "unpaired surrogate", position });
  });

  it.each(['"\\ud83d\\ude00"', '"\\uD83D\\uDE00\\ud7ff\\ue000"', '"\\\\ud800"', '"😀"'])("%s has none", (text) => {
    expect(findUnfit(text)).toBeUndefined();
  });

  it("finds an unpaired surrogate wherever JSON.parse makes one", () => {
    const unit = fc.constantFrom("\\ud83d", "\\uDE00", "\\\\", "\\u0061", "x", "😀", "\\n", "ud800");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 8 }), (content) => {
        expect(findUnfit(`"${content}"`) === undefined).toBe(JSON.parse(`"${content}"`).isWellFormed());
      }),
      { numRuns: 3000 },
    );
  });

  const nest = (depth: number, inside = "") => `${'{"a":['.repeat(depth / 2)}${inside}${"]}".repeat(depth / 2)}`;

  it("takes a depth of 256, and finds the bracket that is one too many", () => {
    expect(findUnfit(nest(MAX_DEPTH))).toBeUndefined();
    expect(findUnfit(nest(MAX_DEPTH, "1,2"))).toBeUndefined();
    const position = (MAX_DEPTH / 2) * '{"a":['.length;
    for (const inside of ["[]", "{}", "[[]]", '{"b":1}']) {
      expect(findUnfit(nest(MAX_DEPTH, inside))).toEqual({ kind: "too deep", position });
    }
  });

  it("counts from what is open around a value", () => {
    const scanner = new JsonScanner(Buffer.from("[[1]]"));
    scanner.skipValue(0, MAX_DEPTH - 2);
    expect(scanner.unfit).toBeUndefined();
    scanner.skipValue(0, MAX_DEPTH - 1);
    expect(scanner.unfit).toEqual({ kind: "too deep", position: 1 });
  });
});

it("counts the values inside a value, containers and repeated members as well", () => {
  for (const [text, count] of [
    ["{}", 0],
    ["[1]", 1],
    ['{"a":1,"a":2}', 2],
    ['{"a":[1,[],{}],"b":{"c":null}}', 6],
  ] as const) {
    const scanner = new JsonScanner(Buffer.from(text));
    scanner.skipValue(0, 0);
    expect(scanner.values - 1, text).toBe(count);
  }
  const countAll = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? Object.values(value).reduce<number>((sum, inner) => sum + 1 + countAll(inner), 0)
      : 0;
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
      const scanner = new JsonScanner(Buffer.from(JSON.stringify(value)));
      scanner.skipValue(0, 0);
      expect(scanner.values - 1).toBe(countAll(JSON.parse(JSON.stringify(value))));
    }),
  );
});

it("finds each number that may be beyond a double's range", () => {
  for (const [text, isHuge] of [
    ["1e400", true],
    [`-${"9".repeat(309)}`, true],
    ["1.5", false],
    ["9".repeat(300), false],
  ] as const) {
    const scanner = new JsonScanner(Buffer.from(`[${text}]`));
    scanner.skipValue(0, 0);
    expect(scanner.hasHugeNumber, text).toBe(isHuge);
  }
});
