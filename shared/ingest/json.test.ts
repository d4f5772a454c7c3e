import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonSyntaxError, skipSpace, skipValue, walkContainer } from "./json.ts";

/** The verdict on a whole text: the error's position, or undefined when it is one JSON value. */
function findFault(text: string): number | undefined {
  const bytes = Buffer.from(text);
  try {
    const end = skipSpace(bytes, skipValue(bytes, skipSpace(bytes, 0)));
    return end === bytes.length ? undefined : end;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.position;
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

describe("walking a container", () => {
  const walk = (text: string) => {
    const bytes = Buffer.from(text);
    const found: [string, string][] = [];
    walkContainer(bytes, skipSpace(bytes, 0), (start, end, keyStart, keyEnd) => {
      found.push([bytes.toString("utf8", keyStart, keyEnd), bytes.toString("utf8", start, end)]);
    });
    return found;
  };

  it("slices the elements of any array", () => {
    const array = fc.array(fc.json(), { maxLength: 5 }).map((items) => items.join(" ,\n"));
    fc.assert(
      fc.property(array, (items) => {
        expect(`[${walk(`[${items}]`).map(([, slice]) => slice)}]`).toBe(`[${items.replaceAll(" ,\n", ",")}]`);
      }),
    );
  });

  it("slices the members of any object, duplicates and __proto__ included", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.json())), (members) => {
        const encoded = members.map(([key, json]) => [JSON.stringify(key).slice(1, -1), json] as const);
        const text = `{${encoded.map(([key, json]) => `"${key}": ${json}`).join(", ")}}`;
        expect(walk(text)).toEqual(encoded);
      }),
    );
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
  expect(skipValue(bytes, 0)).toBe(bytes.length);
});
