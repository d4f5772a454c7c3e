import { describe, expect, it } from "vitest";
import { Ledger } from "./ledger.ts";

const first = { user: 1, sequence: 0 };
const second = { user: 1, sequence: 1 };

describe("the account of a soak", () => {
  it("finds an accepted event lost that never arrived", () => {
    const ledger = new Ledger();
    ledger.accept(first, ledger.send(first));
    expect(ledger.balance()).toMatchObject({ accepted: 1, arrived: 0, lost: 1 });
    ledger.arrive(first);
    expect(ledger.balance()).toMatchObject({ accepted: 1, arrived: 1, lost: 0 });
  });

  it("finds events out of order that were accepted in the order of sending", () => {
    const ledger = new Ledger();
    ledger.accept(first, ledger.send(first));
    ledger.accept(second, ledger.send(second));
    ledger.arrive(second);
    ledger.arrive(first);
    expect(ledger.balance()).toMatchObject({ lost: 0, outOfOrder: 1 });
  });

  it("expects no order of an event that was accepted only when it was sent again", () => {
    const ledger = new Ledger();
    ledger.send(first);
    ledger.accept(second, ledger.send(second));
    ledger.accept(first, ledger.send(first));
    ledger.arrive(second);
    ledger.arrive(first);
    expect(ledger.balance()).toMatchObject({ lost: 0, outOfOrder: 0 });
  });

  it("judges the first delivery of an event alone", () => {
    const ledger = new Ledger();
    ledger.accept(first, ledger.send(first));
    ledger.accept(second, ledger.send(second));
    for (const event of [first, second, first]) ledger.arrive(event);
    expect(ledger.balance()).toMatchObject({ outOfOrder: 0, duplicates: 1 });
  });
});
