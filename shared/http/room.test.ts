import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "./problem.ts";
import { type Lease, Room, SMALL_BODY_BYTES } from "./room.ts";

const KIB = 1024;
const REQUEST_BYTES = 4 * KIB;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const open = (room: Room) => room.open() as Lease;

/** Reserves, and notes under a name when it was admitted or why it was not. */
function reserve(lease: Lease, bytes: number, name: string, seen: string[]): void {
  lease.upload = {
    stop({ code }) {
      seen.push(`${name} ${code}`);
      lease.settle(0);
    },
  };
  lease.reserve(bytes, () => seen.push(name));
}

const settled = () => vi.advanceTimersByTimeAsync(0);

describe("the small pool", () => {
  it("counts what has come, and refuses what does not fit", () => {
    const room = new Room({ small: 100 * KIB, large: 0 });
    const lease = open(room);
    expect([lease.hold(50 * KIB), lease.hold(90 * KIB)]).toEqual([true, true]);
    expect(room.free.small).toBe(100 * KIB - 90 * KIB - REQUEST_BYTES);
    const other = open(room);
    expect(other.hold(10 * KIB)).toBe(false);
    lease.release();
    expect(other.hold(10 * KIB)).toBe(true);
    other.release();
    expect(room.free.small).toBe(100 * KIB);
  });

  it("takes no more requests than have room by themselves", () => {
    const room = new Room({ small: 2 * REQUEST_BYTES, large: 0 });
    const leases = [room.open(), room.open(), room.open()];
    expect(leases[2]).toBeUndefined();
    leases[0]?.release();
    expect(room.open()).toBeDefined();
  });

  it("holds answers until they have left, also where there is no room: then nobody new comes in", () => {
    const room = new Room({ small: 100 * KIB, large: 0 });
    const lease = open(room);
    lease.holdAnswer(300 * KIB);
    expect(room.free.small).toBeLessThan(0);
    expect(room.open()).toBeUndefined();
    lease.release();
    expect(room.free.small).toBe(100 * KIB);
  });
});

describe("the large pool", () => {
  it("admits first come, first served, in one step each", async () => {
    const room = new Room({ small: 1000 * KIB, large: 10 });
    const seen: string[] = [];
    const [a, b, c] = [open(room), open(room), open(room)];
    reserve(a, 6, "a", seen);
    reserve(b, 6, "b", seen);
    reserve(c, 2, "c", seen);
    await settled();
    // c would fit, but b came before it.
    expect(seen).toEqual(["a"]);
    expect(room.waiting.size).toBe(2);
    a.release();
    await settled();
    expect(seen).toEqual(["a", "b", "c"]);
  });

  it("admits who waits once a body has shrunk to what is really there", async () => {
    const room = new Room({ small: 1000 * KIB, large: 10 });
    const seen: string[] = [];
    const [a, b] = [open(room), open(room)];
    reserve(a, 10, "a", seen);
    reserve(b, 7, "b", seen);
    await settled();
    a.settle(3);
    await settled();
    expect(seen).toEqual(["a", "b"]);
    expect(room.free.large).toBe(0);
  });

  it("refuses after 4 s, and lets those behind in", async () => {
    const room = new Room({ small: 1000 * KIB, large: 10 });
    const seen: string[] = [];
    const [a, b, c] = [open(room), open(room), open(room)];
    reserve(a, 6, "a", seen);
    reserve(b, 6, "b", seen);
    await vi.advanceTimersByTimeAsync(3000);
    reserve(c, 4, "c", seen);
    await vi.advanceTimersByTimeAsync(1001);
    expect(seen.toSorted()).toEqual(["a", "b overloaded", "c"]);
    a.release();
    c.release();
    expect(room.free.large).toBe(10);
  });

  it("does not count in the small pool what waits for it", async () => {
    const room = new Room({ small: 200 * KIB, large: 10 });
    const [a, b] = [open(room), open(room)];
    a.reserve(10, () => {});
    b.hold(SMALL_BODY_BYTES);
    const admitted = vi.fn();
    b.reserve(10, admitted);
    expect(room.free.small).toBe(200 * KIB - 2 * REQUEST_BYTES);
    expect(admitted).not.toHaveBeenCalled();
    a.release();
    expect(admitted).toHaveBeenCalledOnce();
  });

  it("lets no more wait than it can hold the beginnings of", async () => {
    const room = new Room({ small: 16_000 * KIB, large: 10 });
    const first = open(room);
    first.reserve(10, () => {});
    const seen: string[] = [];
    for (let i = 0; i < 200; i++) reserve(open(room), 1, `${i}`, seen);
    await settled();
    expect(seen).toHaveLength(72);
    expect(seen[0]).toBe("128 overloaded");
  });

  it("has a body that is stopped wait no longer", async () => {
    const room = new Room({ small: 1000 * KIB, large: 10 });
    const seen: string[] = [];
    const [a, b, c] = [open(room), open(room), open(room)];
    reserve(a, 10, "a", seen);
    reserve(b, 10, "b", seen);
    reserve(c, 5, "c", seen);
    b.fail(new Problem("malformed_request"));
    a.release();
    await settled();
    expect(seen).toEqual(["a", "b malformed_request", "c"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
