import * as v from "valibot";
import { defineDomain } from "../../../shared/events/domain.ts";
import { toPicture } from "../../build/schemas/picture.ts";
import { compareContracts, type TypeChange } from "../compare-contracts.ts";
import type { TypeContract } from "../contract.ts";

/** The contract of an event type, enforced unless it is said otherwise, whose payload is an object with these members. */
export function toContract(
  entries: v.ObjectEntries | undefined,
  sample: object,
  more: {
    readonly enforce?: boolean;
    readonly fields?: Readonly<Record<string, v.GenericSchema<string | undefined>>>;
  } = {
    enforce: true,
  },
) {
  const payload = entries ? { payload: v.looseObject(entries) } : {};
  const domain = defineDomain({
    ...{ name: "shop", entryPoint: "shop", topic: "shop" },
    events: { "a.b": { description: "It happened.", ...payload, ...more, sample: { user_id: "u", payload: sample } } },
  });
  const event = domain.events["a.b"];
  return { picture: toPicture(domain, event), event } satisfies TypeContract;
}

/** Compares two contracts of the event type `a.b`. */
export function compare(before: TypeContract, after: TypeContract): TypeChange[] {
  return compareContracts(new Map([["a.b", before]]), new Map([["a.b", after]]));
}

/** The sides on which something is broken or unclear, and whether events are marked: `BF`, `?`, `M`. */
export function toSides(changes: readonly TypeChange[]): string {
  const marks = { backward: "B", forward: "F", unknown: "?", marked: "M" } as const;
  const found = Object.entries(marks).filter(([side]) =>
    changes.some((change) => change[side as keyof typeof marks] !== undefined),
  );
  return found.map(([, mark]) => mark).join("");
}
