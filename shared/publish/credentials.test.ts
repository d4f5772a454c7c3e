import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Credentials } from "./credentials.ts";
import type { Token } from "./grpc/token.ts";

const HOUR_MS = 3_600_000;
const LIMIT_MS = 3000;

let fetches: { resolve(token: Token): void; reject(error: Error): void }[];
let credentials: Credentials;

beforeEach(() => {
  vi.useFakeTimers();
  fetches = [];
  credentials = new Credentials(
    () => new Promise((resolve, reject) => void fetches.push({ resolve, reject })),
    LIMIT_MS,
  );
});
afterEach(() => vi.useRealTimers());

const toToken = (name: string, lifeMs = HOUR_MS): Token => ({ authorization: { authorization: name }, lifeMs });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const get = async () => {
  try {
    return (await credentials.get()).authorization;
  } catch (error) {
    return (error as Error).message;
  }
};
/** Has a token from the start. */
async function begin(): Promise<void> {
  const first = get();
  fetches[0]?.resolve(toToken("a"));
  expect(await first).toBe("a");
}

it("fetches one token for all, and keeps it", async () => {
  const both = [get(), get()];
  fetches[0]?.resolve(toToken("a"));
  expect(await Promise.all(both)).toEqual(["a", "a"]);
  await pass(HOUR_MS - 300_001);
  expect(await get()).toBe("a");
  expect(fetches.length).toBe(1);
});

it("renews it in the last five minutes, for which nobody waits", async () => {
  await begin();
  await pass(HOUR_MS - 300_000);
  expect(credentials.get()).toEqual({ authorization: "a" });
  expect(fetches.length).toBe(2);
  fetches[1]?.resolve(toToken("b"));
  await pass(0);
  expect(credentials.get()).toEqual({ authorization: "b" });
});

it("uses it to its end while the renewal fails, which is tried every ten seconds", async () => {
  await begin();
  await pass(HOUR_MS - 300_000);
  for (let second = 0; second < 299; second++) {
    expect(credentials.get()).toEqual({ authorization: "a" });
    fetches.at(-1)?.reject(new Error("503"));
    await pass(1000);
  }
  expect(fetches.length).toBe(1 + 30);
  await pass(1000);
  const last = get();
  fetches.at(-1)?.reject(new Error("503"));
  expect(await last).toBe("gRPC status 16: no token: 503");
});

it("does not wait for ever for what hangs, and takes it when it comes after all", async () => {
  const first = get();
  await pass(LIMIT_MS);
  expect(await first).toMatch(/no token: nobody answered within 3000 ms/);
  await pass(250);
  void get();
  expect(fetches.length).toBe(2);
  fetches[0]?.resolve(toToken("late"));
  await pass(0);
  expect(await get()).toBe("late");
});

it("asks again after a failure, though not for each call", async () => {
  const first = get();
  fetches[0]?.reject(new Error("429"));
  expect(await first).toMatch(/429/);
  expect(await get()).toMatch(/429/);
  expect(fetches.length).toBe(1);
  await pass(250);
  const next = get();
  fetches[1]?.resolve(toToken("a"));
  expect(await next).toBe("a");
});

it("forgets a token that was refused, once however many calls say so", async () => {
  await begin();
  await pass(60_000);
  const refused = await credentials.get();
  credentials.forget(refused);
  const next = get();
  fetches[1]?.resolve(toToken("b"));
  expect(await next).toBe("b");
  credentials.forget(refused);
  expect(await get()).toBe("b");
  expect(fetches.length).toBe(2);
});

it("takes an instance whose clock is set for no older or younger", async () => {
  await begin();
  vi.setSystemTime(Date.now() + 2 * HOUR_MS);
  expect(credentials.get()).toEqual({ authorization: "a" });
  expect(fetches.length).toBe(1);
});
