import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBatch } from "./draft.ts";
import { JsonPlaces } from "./json-path.ts";
import { prettyJson } from "./pretty-json.ts";

const text = '{"a":[{"b":1},[2]],"a":3}';

it.each([
  ["a", '"a":['],
  ["a.0", "{"],
  ["a.0.b", '"b":1'],
  ["a.1.0", "2"],
  ["a.0.none", "{"],
  ["a.7", '"a":['],
  ["", "{"],
])("finds %s", (path, expected) => {
  const { from, to } = new JsonPlaces(text).find(path);
  expect(text.slice(from, to)).toBe(expected);
});

it("finds where a text stops to be JSON", () => {
  expect(new JsonPlaces(text).findSyntaxError()).toBeUndefined();
  expect(new JsonPlaces('{"a":}').findSyntaxError()?.from).toBe(5);
});

it("numbers the ids of a batch, in whichever order they are", () => {
  const toIds = (event: string) => JSON.parse(toBatch(event, 3, 2)) as object[];
  const expected = [
    { event_id: "e", user_id: "u" },
    { event_id: "e-2", user_id: "u-2" },
    { event_id: "e-3", user_id: "u" },
  ];
  expect(toIds('{"event_id":"e","user_id":"u"}')).toEqual(expected);
  expect(toIds('{"user_id":"u","event_id":"e"}')).toEqual(expected);
});

describe("pretty JSON", () => {
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
});
