import { expect, test } from "vitest";
import { createCallerReader } from "./caller.ts";

const account = "checkout@shop-prod.iam.gserviceaccount.com";
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const toToken = (claims: unknown) => `Bearer ${encode({ alg: "RS256" })}.${encode(claims)}.SIGNATURE_REMOVED_BY_GOOGLE`;
const token = toToken({ email: account });
const other = toToken({ email: "search@shop-prod.iam.gserviceaccount.com" });

type Line = readonly [name: string, value: string];

/** What Node makes of the lines of a request's head. */
function toRequest(...lines: Line[]) {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    if (headers[key] === undefined) headers[key] = value;
    else if (key !== "authorization") headers[key] += `, ${value}`;
  }
  return { headers, rawHeaders: lines.flat() };
}

const cases: readonly (readonly [string, readonly Line[], string | undefined])[] = [
  ["a service account", [["Authorization", token]], account],
  ["written in lower case", [["authorization", token.replace("Bearer", "bearer")]], account],
  ["one token in the other header", [["X-Serverless-Authorization", token]], account],
  [
    "a forged one beside the verified",
    [
      ["Authorization", other],
      ["X-Serverless-Authorization", token],
    ],
    account,
  ],
  [
    "an unreadable one is not made up for",
    [
      ["Authorization", token],
      ["X-Serverless-Authorization", "x"],
    ],
    undefined,
  ],
  [
    "nor an empty one",
    [
      ["Authorization", token],
      ["X-Serverless-Authorization", ""],
    ],
    undefined,
  ],
  [
    "two of the one that is checked",
    [
      ["X-Serverless-Authorization", token],
      ["X-Serverless-Authorization", other],
    ],
    undefined,
  ],
  [
    "two lines, of which the platform may have checked either",
    [
      ["Authorization", token],
      ["Authorization", other],
    ],
    undefined,
  ],
  ["a person", [["Authorization", toToken({ email: "ada@example.com" })]], "person"],
  [
    "an account whose address only looks alike",
    [["Authorization", toToken({ email: `${account}.example.com` })]],
    "person",
  ],
  ["without an address", [["Authorization", toToken({ sub: "1" })]], "person"],
  ["an address that is no text", [["Authorization", toToken({ email: [account] })]], "person"],
  ["none", [], undefined],
  ["another scheme", [["Authorization", "Basic YTpi"]], undefined],
  ["no JWT", [["Authorization", "Bearer abc"]], undefined],
  ["broken base64", [["Authorization", token.replace(/\.(.{9})/, ".$1!")]], undefined],
  ["the other base64", [["Authorization", token.replace(/\.(.{9})/, ".$1+/")]], undefined],
  ["no JSON", [["Authorization", `Bearer e30.${Buffer.from("{").toString("base64url")}.x`]], undefined],
  [
    "no UTF-8",
    [["Authorization", `Bearer e30.${Buffer.from('{"email":"\xff"}', "latin1").toString("base64url")}.x`]],
    undefined,
  ],
  ["no object", [["Authorization", toToken(null)]], undefined],
  ["an array", [["Authorization", toToken([account])]], undefined],
  ["256 bytes", [["Authorization", toToken({ email: "é".repeat(107) + account })]], "é".repeat(107) + account],
  ["257 bytes", [["Authorization", toToken({ email: `x${"é".repeat(107)}${account}` })]], undefined],
  ["a control character", [["Authorization", toToken({ email: `a\n${account}` })]], undefined],
  ["another", [["Authorization", toToken({ email: `a\u0085${account}` })]], undefined],
  ["half a character", [["Authorization", toToken({ email: `\ud800${account}` })]], undefined],
  ["12 kB", [["Authorization", toToken({ email: account, rest: "x".repeat(9000) })]], undefined],
];

test.each(cases)("iam: %s", (_, lines, caller) => {
  const read = createCallerReader("iam");
  // The second time it is known.
  expect([read(toRequest(...lines)), read(toRequest(...lines))]).toEqual([caller, caller]);
});

test("tokens that are alike where they are compared first are told apart", () => {
  const read = createCallerReader("iam");
  // Every third character decides; these differ in one of the others.
  const alike = [0, 1, 2, 3, 4, 5, 6, 7].map((at) =>
    token.replace(/[^.]*$/, (end) => `${end.slice(0, at)}_${end.slice(at + 1)}`),
  );
  const mixed = alike.flatMap((each) => [each, toToken({ email: `x${account}` }), each]);
  for (const each of mixed) {
    expect(read(toRequest(["Authorization", each]))).toBe(alike.includes(each) ? account : `x${account}`);
  }
});

test("a token is decoded once while it is in use, and a thousand at most are kept", () => {
  const read = createCallerReader("iam");
  for (let i = 0; i < 5000; i++) {
    const email = `a${i}@shop-prod.iam.gserviceaccount.com`;
    expect(read(toRequest(["Authorization", toToken({ email })]))).toBe(email);
  }
});

test("nobody is believed without the switch", () => {
  const read = createCallerReader("none");
  expect(read(toRequest(["Authorization", token], ["PulseCart-Caller", "checkout"]))).toBeUndefined();
});

test.each([
  ["checkout", "checkout"],
  ["a-1", "a-1"],
  ["Checkout", undefined],
  ["", undefined],
  ["a b", undefined],
  ["x".repeat(64), "x".repeat(64)],
  ["x".repeat(65), undefined],
])("local: the header says %j", (name, caller) => {
  const read = createCallerReader("local");
  expect(read(toRequest(["PulseCart-Caller", name], ["Authorization", token]))).toBe(caller);
  expect(createCallerReader("iam")(toRequest(["PulseCart-Caller", name]))).toBeUndefined();
});
