import { describe, expect, it } from "vitest";
import type { ClientOptions, SenderOptions, SendOptions, WaitOptions } from "./api.ts";
import { createClient } from "./client.ts";
import { createSender } from "./create-sender.ts";
import type { PulseCartEvent } from "./event-unions.ts";

const urls = { commerce: "http://localhost:1" };
const event = { event_type: "cart.abandoned", user_id: "u", session_id: "s", payload: {} } as unknown as PulseCartEvent;

/** @returns the one line that says what is wrong */
function complain(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).not.toContain("\n");
    return (error as Error).message;
  }
  return "nothing";
}

describe("createClient", () => {
  const wrong: [keyof ClientOptions | string, unknown, RegExp][] = [
    ["timeoutMs", Number.NaN, /^timeoutMs must be milliseconds above 0, .*; it is NaN\.$/],
    ["timeoutMs", "5000", /timeoutMs.*"5000"/],
    ["timeoutMs", 2 ** 31, /timeoutMs.*2147483647.*2147483648/],
    ["timeoutMs", 0, /timeoutMs.*is 0/],
    ["timeoutMs", null, /timeoutMs.*is null/],
    ["attemptTimeoutMs", Number.POSITIVE_INFINITY, /attemptTimeoutMs.*Infinity/],
    ["attemptTimeoutMs", -1, /attemptTimeoutMs.*-1/],
    ["maxRequests", 0, /maxRequests.*from 1.*is 0/],
    ["maxRequests", 1.5, /maxRequests.*whole number.*1\.5/],
    ["token", "s3cret", /^token must be a function; it is of type string\.$/],
    ["gzip", "yes", /gzip must be a boolean/],
    ["onError", {}, /onError must be a function/],
    ["fetch", "fetch", /fetch must be a function/],
    ["headers", "x-key: s3cret", /headers must be/],
    ["headers", { "x-key": "s3\ncret" }, /headers.*x-key/],
    ["headers", { "x key": "s3cret" }, /headers.*x key/],
    ["maxPendingBytes", 1000, /createClient has no option maxPendingBytes/],
    ["timeoutMS", 1000, /no option timeoutMS; it has .*timeoutMs/],
  ];
  it.each(wrong)("refuses %s: %j", (name, value, expected) => {
    const message = complain(() => createClient({ urls, [name]: value } as ClientOptions));
    expect(message).toMatch(expected);
    expect(message).not.toMatch(/s3\s?cret/);
  });

  const wrongUrls: [string, unknown, RegExp][] = [
    ["user and password", "https://me:s3cret@shop.example", /must have neither user nor password/],
    ["a password and no URL", "me:s3cret@shop.example", /must be an http or https URL/],
    ["a fragment", "https://shop.example/#x", /"https:\/\/shop\.example\/#x"/],
    ["another protocol", "ftp://shop.example", /"ftp:\/\/shop\.example"/],
    ["a blank inside", "https://shop example", /"https:\/\/shop example"/],
    ["nothing", undefined, /missing/],
    ["a number", 8000, /must be an http or https URL/],
  ];
  it.each(wrongUrls)("refuses a URL with %s", (_, url, expected) => {
    const message = complain(() => createClient({ urls: { commerce: url } } as ClientOptions));
    expect(message).toMatch(/^urls\.commerce/);
    expect(message).toMatch(expected);
    expect(message).not.toMatch(/s3\s?cret/);
  });

  it("takes what is right", () => {
    const right: ClientOptions[] = [
      { timeoutMs: Number.POSITIVE_INFINITY },
      { timeoutMs: 2 ** 31 - 1, attemptTimeoutMs: 0.5, maxRequests: 1 },
      { gzip: false, token: () => undefined, headers: { "X-Key": "k" }, enabled: true },
      { timeoutMs: undefined },
      { urls: { commerce: " http://localhost:1/ \n" } },
    ];
    for (const options of right) expect(() => createClient({ urls, ...options })).not.toThrow();
  });
});

describe("createSender", () => {
  const wrong: [keyof SenderOptions | string, unknown][] = [
    ["maxDelayMs", Number.NaN],
    ["maxDelayMs", -1],
    ["maxDelayMs", 2 ** 31],
    ["maxEvents", 0],
    ["maxEvents", 1001],
    ["maxBytes", "1000"],
    ["maxBytes", 2 ** 31],
    ["maxPending", 0],
    ["maxPendingBytes", Number.NaN],
    ["maxRequests", 4],
  ];
  it.each(wrong)("refuses %s: %j", (name, value) => {
    expect(complain(() => createSender(createClient({ urls }), { [name]: value }))).toContain(name);
  });

  it("takes a maxDelayMs of 0", () => {
    expect(() => createSender(createClient({ urls }), { maxDelayMs: 0, maxPending: 1 })).not.toThrow();
  });
});

describe("calls", () => {
  const wrong: [string, SendOptions & WaitOptions][] = [
    ["timeoutMs", { timeoutMs: Number.NaN }],
    ["timeoutMs", { timeoutMs: 2 ** 31 }],
    ["signal", { signal: "stop" } as unknown as SendOptions],
  ];
  it.each(wrong)("refuse a wrong %s", async (name, options) => {
    const client = createClient({ urls });
    const sender = createSender(client);
    for (const called of [client.send(event, options), client.sendAll([event], options), sender.send(event, options)]) {
      await expect(called).rejects.toThrow(name);
    }
    await expect(sender.flush(options)).rejects.toThrow(name);
    await expect(sender.close(options)).rejects.toThrow(name);
  });
});
