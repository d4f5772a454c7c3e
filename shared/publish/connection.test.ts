import { beforeEach, describe, expect, it, vi } from "vitest";
import { Connection } from "./connection.ts";
import { Credentials } from "./credentials.ts";
import type { Authorization, PubSubClient } from "./grpc/client.ts";
import { PublishRequest } from "./grpc/codec.ts";
import { Sending } from "./grpc/sending.ts";
import { CallError, Status } from "./grpc/status.ts";
import type { Token } from "./grpc/token.ts";

const request = new PublishRequest("t", [{ data: Buffer.from("{}"), orderingKey: "u", attributes: {} }]);
const ids = Buffer.from([10, 1, 0x31]);

/** Calls that have reached the client, to be answered by the test. */
let sent: { by: Authorization; resolve(answer: Buffer): void; reject(error: unknown): void }[];
let fetchToken: () => Promise<Token>;
let close: () => void;
let connection: Connection;

beforeEach(() => {
  sent = [];
  close = vi.fn();
  fetchToken = async () => ({ authorization: { authorization: "a" }, lifeMs: 1e6 });
  const client: PubSubClient = {
    connect: () => {},
    isConnected: () => true,
    publish: (_, by, sending) =>
      new Promise((resolve, reject) => {
        sent.push({ by, resolve, reject });
        sending.onCancel(() => reject(new Error("reset")));
      }),
    ping: async () => true,
    close: () => close(),
  };
  const credentials = new Credentials(() => fetchToken(), 1000);
  connection = new Connection(async () => client, credentials, 100);
});

const settle = () => new Promise((resolve) => setImmediate(resolve));
const start = () => {
  const sending = new Sending();
  const outcome = connection.publish(request, sending).then(
    ([id]) => id,
    (error) => error as Error,
  );
  return { sending, outcome };
};

describe("100 open calls", () => {
  it("are as many as leave; the next goes when one has ended", async () => {
    const started = Array.from({ length: 102 }, start);
    await settle();
    expect(sent.length).toBe(100);
    sent[0]?.resolve(ids);
    expect(await started[0]?.outcome).toBe("1");
    await settle();
    expect(sent.length).toBe(101);
  });

  it("make a call wait that never leaves once it is cancelled, nor costs another its turn", async () => {
    const started = Array.from({ length: 103 }, start);
    await settle();
    started[100]?.sending.cancel();
    started[101]?.sending.cancel();
    expect(await started[100]?.outcome).toBeInstanceOf(Error);
    for (const { resolve } of sent.splice(0)) resolve(ids);
    await settle();
    expect(sent.length).toBe(1);
    sent[0]?.resolve(ids);
    expect(await started[102]?.outcome).toBe("1");
  });

  it("all end at once when the connection is given up, and none of those that wait leaves", async () => {
    const started = Array.from({ length: 150 }, start);
    await settle();
    close = () => {
      for (const { reject } of sent) reject(new CallError(Status.UNAVAILABLE, "closed"));
    };
    connection.close();
    const outcomes = await Promise.all(started.map(({ outcome }) => outcome));
    expect(outcomes.every((outcome) => outcome instanceof CallError)).toBe(true);
    expect(sent.length).toBe(100);
  });
});

describe("a token", () => {
  it("that comes late sends nothing that nobody waits for", async () => {
    let give: (token: Token) => void = () => {};
    fetchToken = () =>
      new Promise((resolve) => {
        give = resolve;
      });
    const { sending, outcome } = start();
    await settle();
    sending.cancel();
    give({ authorization: {}, lifeMs: 1e6 });
    expect(await outcome).toBeInstanceOf(Error);
    expect(sent.length).toBe(0);
  });

  it("that is refused is fetched anew for the next attempt", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const { outcome } = start();
    await settle();
    fetchToken = async () => ({ authorization: { authorization: "b" }, lifeMs: 1e6 });
    vi.advanceTimersByTime(1000);
    sent[0]?.reject(new CallError(Status.UNAUTHENTICATED, "", true));
    expect(await outcome).toMatchObject({ code: 16 });
    start();
    await settle();
    expect(sent.map(({ by }) => by.authorization)).toEqual(["a", "b"]);
    vi.useRealTimers();
  });

  it("that cannot be had is not the connection's fault", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    fetchToken = () => Promise.reject(new Error("403"));
    expect(await start().outcome).toMatchObject({ code: 16, message: "gRPC status 16: no token: 403" });
    vi.advanceTimersByTime(5000);
    expect(connection.isSilent).toBe(false);
    vi.useRealTimers();
  });
});

describe("silence", () => {
  it("is a second without any answer, by waiting or by failing; an answer ends it, also a bad one", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    start();
    await settle();
    vi.advanceTimersByTime(999);
    expect(connection.isSilent).toBe(false);
    vi.advanceTimersByTime(1);
    expect(connection.isSilent).toBe(true);
    sent[0]?.reject(new CallError(Status.UNAVAILABLE, "lost"));
    await settle();
    expect(connection.isSilent).toBe(true);
    start();
    await settle();
    sent[1]?.reject(new CallError(Status.UNAVAILABLE, "busy", true));
    await settle();
    expect(connection.isSilent).toBe(false);
    vi.useRealTimers();
  });
});

it("closes when it is retired and its last call has ended", async () => {
  const { outcome } = start();
  await settle();
  connection.retire();
  expect(connection.isClosed).toBe(false);
  sent[0]?.resolve(ids);
  expect(await outcome).toBe("1");
  await settle();
  expect(close).toHaveBeenCalledTimes(1);
});
