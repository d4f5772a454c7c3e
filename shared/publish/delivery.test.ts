import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deliver as deliverBy } from "./delivery.ts";
import { PublishFailure } from "./failure.ts";
import { PublishRequest } from "./grpc/codec.ts";
import type { Sending } from "./grpc/sending.ts";
import { CallError, Status } from "./grpc/status.ts";
import { Line, type LineConnection } from "./lines.ts";

const BUDGET_MS = 10_000;
const PATIENCE_MS = 3000;
const request = new PublishRequest("t", []);

/** One attempt as the connection sees it; the test answers it. */
interface Call {
  readonly connection: FakeConnection;
  readonly sending: Sending;
  readonly at: number;
  succeed(id: string): void;
  fail(code: number): void;
}

class FakeConnection implements LineConnection {
  isSilent = false;
  isClosed = false;
  isRetired = false;
  isPinged = true;
  asked = 0;
  readonly open = new Set<Call>();

  publish(_: PublishRequest, sending: Sending): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      sending.isSent = true;
      const call: Call = {
        connection: this,
        sending,
        at: performance.now(),
        succeed: (id) => resolve([id]),
        fail: (code) => reject(new CallError(code, "", true)),
      };
      this.open.add(call);
      calls.push(call);
      onCall?.(call);
    });
  }

  async isAlive(): Promise<boolean> {
    this.asked++;
    if (!this.isPinged) await new Promise((resolve) => setTimeout(resolve, 1000));
    return this.isPinged;
  }

  retire(): void {
    this.isRetired = true;
  }

  close(): void {
    this.isClosed = true;
    for (const call of this.open) call.fail(Status.UNAVAILABLE);
  }

  async warmUp(): Promise<void> {}
}

let connections: FakeConnection[];
let calls: Call[];
let onCall: ((call: Call) => void) | undefined;
let line: Line;

beforeEach(() => {
  vi.useFakeTimers();
  connections = [];
  calls = [];
  onCall = undefined;
  line = new Line(() => {
    connections.push(new FakeConnection());
    return connections.at(-1) as FakeConnection;
  });
});
afterEach(() => vi.useRealTimers());

/** The outcome of a delivery in one word: its message id or the failure's code. */
const deliver = (budgetMs = BUDGET_MS): Promise<string> =>
  deliverBy(line, request, performance.now() + budgetMs, PATIENCE_MS).then(
    ([id]) => id as string,
    (error) => (error instanceof PublishFailure ? error.code : String(error)),
  );
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const call = (i: number) => calls[i] as Call;
const connection = (i: number) => connections[i] as FakeConnection;

/** Ten deliveries that are answered at once: after them one may be joined by a second attempt. */
async function earnHedge(): Promise<void> {
  onCall = (made) => made.succeed("0");
  for (let i = 0; i < 10; i++) await deliver();
  onCall = undefined;
  calls.length = 0;
}

describe("an error", () => {
  it.each([1, 2, 4, 8, 10, 13, 14, 16])("%i is retried", async (code) => {
    const outcome = deliver();
    call(0).fail(code);
    await pass(100);
    call(1).succeed("1");
    expect(await outcome).toBe("1");
  });

  it.each([
    [3, "publish_rejected"],
    [6, "publish_rejected"],
    [11, "publish_rejected"],
    [12, "publish_rejected"],
    [15, "publish_rejected"],
    [5, "misconfigured"],
    [7, "misconfigured"],
    [9, "misconfigured"],
  ])("%i is %s at once", async (code, failure) => {
    const outcome = deliver();
    call(0).fail(code);
    expect(await outcome).toBe(failure);
    expect(calls.length).toBe(1);
  });

  it.each([
    [14, "publish_unavailable"],
    [16, "publish_unavailable"],
    [4, "publish_timeout"],
  ])("%i throughout is %s when the budget is spent, and no sooner", async (code, failure) => {
    onCall = (made) => made.fail(code);
    const startedAt = performance.now();
    expect(await Promise.all([deliver(), pass(BUDGET_MS)])).toEqual([failure, expect.anything()]);
    expect(calls.length).toBeGreaterThan(10);
    expect(calls.length).toBeLessThan(30);
    expect(calls.at(-1)?.at).toBeGreaterThan(startedAt + BUDGET_MS - 1100);
  });

  it("that nobody foresaw is passed on as it is", async () => {
    const outcome = deliver();
    const { publish } = FakeConnection.prototype;
    FakeConnection.prototype.publish = () => Promise.reject(new TypeError("a bug"));
    call(0).fail(14);
    await pass(100);
    FakeConnection.prototype.publish = publish;
    expect(await outcome).toBe("TypeError: a bug");
  });
});

describe("a dead connection", () => {
  it("is given up when it does not answer a PING, and all its calls move at once", async () => {
    const outcomes = [deliver(), deliver(), deliver()];
    connection(0).isPinged = false;
    await pass(PATIENCE_MS + 999);
    expect(calls.length).toBe(3);
    await pass(1);
    expect(connection(0).isClosed).toBe(true);
    expect(calls.slice(3).map(({ connection: used }) => used)).toEqual([connection(1), connection(1), connection(1)]);
    for (const [i, made] of calls.slice(3).entries()) made.succeed(`${i}`);
    expect(await Promise.all(outcomes)).toEqual(["0", "1", "2"]);
  });

  it("has given no answer: what it says when it is closed does not make a timeout an outage", async () => {
    const outcome = deliver(5000);
    connection(0).isPinged = false;
    await pass(5000);
    expect(await outcome).toBe("publish_timeout");
  });

  it("that only fails is replaced, too", async () => {
    const outcome = deliver();
    connection(0).isSilent = true;
    call(0).fail(14);
    await pass(100);
    expect([connection(0).isRetired, call(1).connection]).toEqual([true, connection(1)]);
    call(1).succeed("1");
    expect(await outcome).toBe("1");
  });

  it("is replaced for the next delivery when the budget ends before it is found out", async () => {
    const outcome = deliver(1000);
    connection(0).isSilent = true;
    await pass(1000);
    expect(await outcome).toBe("publish_timeout");
    void deliver();
    expect(call(1).connection).toBe(connection(1));
  });
});

describe("a slow Pub/Sub", () => {
  it("gets no second attempt before ten calls, and is asked by PINGs", async () => {
    const outcome = deliver();
    await pass(9000);
    expect([calls.length, connection(0).asked]).toEqual([1, 3]);
    call(0).succeed("1");
    expect(await outcome).toBe("1");
  });

  it.each([
    ["all at once", 0],
    ["one by one", 10_000],
    ["in between", 300],
  ])("gets 40 events at most 44 times: %s", async (_, everyMs) => {
    await earnHedge();
    const takesMs = [2500, 4000, 6500, 9000];
    onCall = (made) =>
      setTimeout(
        () => {
          if (!made.sending.isCancelled) made.succeed("1");
        },
        takesMs[calls.length % 4],
      );
    const outcomes: Promise<string>[] = [];
    for (let i = 0; i < 40; i++) {
      outcomes.push(deliver());
      await pass(everyMs);
    }
    await pass(BUDGET_MS);
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => "1"));
    expect(calls.length).toBeGreaterThan(40);
    expect(calls.length).toBeLessThanOrEqual(44);
    expect(connections.length).toBe(1);
  });

  it("has the loser cancelled, whichever it is", async () => {
    for (const [winner, loser] of [
      [0, 1],
      [1, 0],
    ] as const) {
      await earnHedge();
      const outcome = deliver();
      await pass(PATIENCE_MS);
      expect(calls.length).toBe(2);
      call(winner).succeed("won");
      expect(await outcome).toBe("won");
      expect(call(loser).sending.isCancelled).toBe(true);
    }
  });

  it("gets no second attempt of what has not left yet", async () => {
    await earnHedge();
    void deliver();
    call(0).sending.isSent = false;
    await pass(BUDGET_MS - 1);
    expect(calls.length).toBe(1);
  });

  it.each([7, 3, 14])(
    "that refuses the second attempt with %i has not decided while the first is open",
    async (code) => {
      await earnHedge();
      const outcome = deliver();
      await pass(PATIENCE_MS);
      call(1).fail(code);
      await pass(1000);
      call(0).succeed("first");
      expect(await outcome).toBe("first");
    },
  );

  it("that refuses one attempt for good and never answers the other has refused", async () => {
    await earnHedge();
    const outcome = deliver();
    await pass(PATIENCE_MS);
    call(1).fail(7);
    await pass(BUDGET_MS);
    expect(await outcome).toBe("misconfigured");
  });
});

describe("the budget", () => {
  it("cancels what is open when it ends", async () => {
    const outcome = deliver();
    await pass(BUDGET_MS);
    expect(await outcome).toBe("publish_timeout");
    expect(call(0).sending.isCancelled).toBe(true);
  });

  it("that is spent before the first attempt sends nothing", async () => {
    expect(await deliver(0)).toBe("publish_timeout");
    expect(calls.length).toBe(0);
  });

  it.each([-5000, 20_000])("does not change when the clock is set by %i ms", async (step) => {
    const outcome = deliver();
    await pass(4000);
    vi.setSystemTime(Date.now() + step);
    await pass(5999);
    let isSettled = false;
    void outcome.then(() => {
      isSettled = true;
    });
    await pass(0);
    expect(isSettled).toBe(false);
    await pass(1);
    expect(await outcome).toBe("publish_timeout");
  });
});

it("fails what comes after its end, and what is under way, without another attempt", async () => {
  const underWay = deliver();
  line.close();
  expect([await underWay, await deliver()]).toEqual(["publish_timeout", "publish_timeout"]);
  expect(calls.length).toBe(1);
});
