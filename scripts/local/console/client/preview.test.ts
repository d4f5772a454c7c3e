import { expect, it } from "vitest";
import { toPreview } from "./preview.ts";

it.each([
  ['{"user_id":"u","payload":{"items":[{"a":1}],"total":2}}', '"items":[{"a":1}],"total":2'],
  ['{"payload" : {"text":"}, \\" {" },"user_id":"u"}', '"text":"}, \\" {"'],
  ['[{"payload":{"a":1}},{"payload":{"a":2}}]', '"a":1'],
  ['{"payload":[]}', "[]"],
  ['{"payload":7,"user_id":"u"}', "7"],
  ['{"payload":{}}', ""],
  ["no JSON\n", "no JSON "],
  [`{"payload":{"text":"${"x".repeat(300)}"}}`, `"text":"${"x".repeat(192)}`],
])("shows of %s the members of its payload, without the braces around them", (body, preview) => {
  expect(toPreview(body)).toBe(preview);
});
