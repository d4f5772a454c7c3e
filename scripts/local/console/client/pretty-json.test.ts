import fc from "fast-check";
import { expect, it } from "vitest";
import { prettyJson } from "./pretty-json.ts";

it("lays JSON out as JSON.stringify does", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(prettyJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    }),
  );
});

it("keeps the digits of numbers, and what white space is inside of strings", () => {
  expect(prettyJson('{"a":9007199254740993,\n\n"b" : 1e400, "c": " x  y{ "}')).toBe(
    '{\n  "a": 9007199254740993,\n  "b": 1e400,\n  "c": " x  y{ "\n}',
  );
});

it.each(["", "no JSON", "]}", '"open'])("gives something for %j as well", (text) => {
  expect(prettyJson(text)).toBeTypeOf("string");
});
