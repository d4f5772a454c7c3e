import { expect, it } from "vitest";
import { hideInQuery, toHeaderPairs } from "./secrets.ts";

it.each([
  ...["Authorization", "Proxy-Authorization", "X-Serverless-Authorization", "X-Forwarded-Authorization", "Cookie"],
  ...["X-Api-Key", "x-goog-api-key", "X-Auth-Token", "X-CSRF-Token", "x-goog-iam-authorization-token", "X-Signature"],
])("keeps no value of the header %s", (name) => {
  expect(toHeaderPairs([name, "s3cret"])).toEqual([[name, "(not recorded)"]]);
});

it.each(["Idempotency-Key", "traceparent", "PulseCart-Verification", "Content-Type", "X-Author", "User-Agent"])(
  "keeps the header %s as it is",
  (name) => expect(toHeaderPairs([name, "value"])).toEqual([[name, "value"]]),
);

it("keeps no credentials of the page that a request came from", () => {
  expect(toHeaderPairs(["Referer", "http://localhost/?token=s3cret&a=b"])).toEqual([
    ["Referer", "http://localhost/?token=(not%20recorded)&a=b"],
  ]);
});

it.each([
  ["/events/ingest", "/events/ingest"],
  ["/?a=b&key=s3cret", "/?a=b&key=(not%20recorded)"],
  ["/?access_token=s3=cret&x", "/?access_token=(not%20recorded)&x"],
  ["/?%6bey=s3cret", "/?%6bey=(not%20recorded)"],
  ["/?a=?&X-Goog-Signature=s3cret", "/?a=?&X-Goog-Signature=(not%20recorded)"],
  ["/?user_id=%zz&monkey=1", "/?user_id=%zz&monkey=1"],
])("shows %s as %s", (path, shown) => {
  expect(hideInQuery(path)).toBe(shown);
});
