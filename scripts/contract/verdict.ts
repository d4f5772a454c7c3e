import type { TypeChange } from "./compare-contracts.ts";
import { PUBLISHED, WAIVERS } from "./pictures.ts";
import { findWaiver, isExpired, type Waiver } from "./waivers.ts";

/** One line of the command's output. */
export interface Finding {
  readonly eventType: string;
  readonly path: string;
  readonly kind: "BACKWARD" | "FORWARD" | "UNKNOWN" | "COMPATIBLE";
  readonly text: string;
  /** What is different, as a waiver names it. */
  readonly change: string;
  /** Whether it is meant: it fails nothing. */
  readonly isWaived: boolean;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  /** Waivers whose last day is over. */
  readonly expired: readonly string[];
  /** 0: nobody is broken, 1: somebody is, 2: the command cannot tell. */
  readonly exitCode: 0 | 1 | 2;
}

/** Judges changes: which break somebody, and which of those are meant. */
export function judge(changes: readonly TypeChange[], waivers: readonly Waiver[], now = new Date()): Verdict {
  const valid = waivers.filter((waiver) => !isExpired(waiver, now));
  const findings = changes.flatMap((change) => toFindings(change, valid));
  const expired = waivers
    .filter((waiver) => isExpired(waiver, now))
    .map(({ event_type, path, until }) => {
      const what = [event_type, path].filter(Boolean).join(" ");
      return `${PUBLISHED}${WAIVERS}  EXPIRED  the waiver of ${what} was good until ${until}: remove it, or renew it with a reason`;
    });
  const isBroken = findings.some(({ kind, isWaived }) => (kind === "BACKWARD" || kind === "FORWARD") && !isWaived);
  const isUnclear = findings.some(({ kind }) => kind === "UNKNOWN");
  return { findings, expired, exitCode: isBroken || expired.length > 0 ? 1 : isUnclear ? 2 : 0 };
}

function toFindings(change: TypeChange, waivers: readonly Waiver[]): Finding[] {
  const { eventType, path, text } = change;
  if (change.isUnknown) return [{ eventType, path, kind: "UNKNOWN", text, change: text, isWaived: false }];
  const broken = (["backward", "forward"] as const).flatMap((side): Finding[] => {
    const reason = change[side];
    if (reason === undefined) return [];
    const kind = side === "backward" ? "BACKWARD" : "FORWARD";
    const waiver = findWaiver(waivers, change, kind);
    const meant = waiver ? ` (meant until ${waiver.until}: ${waiver.reason})` : "";
    return [
      { eventType, path, kind, text: `${text}: ${reason}${meant}`, change: text, isWaived: waiver !== undefined },
    ];
  });
  return broken.length > 0 ? broken : [{ eventType, path, kind: "COMPATIBLE", text, change: text, isWaived: false }];
}

/** @returns `order.placed payload.currency  BACKWARD  required added: events accepted today would be refused` */
export function toLine({ eventType, path, kind, text }: Finding): string {
  return `${path === "" ? eventType : `${eventType} ${path}`}  ${kind}  ${text}`;
}

/** @returns the entry that would waive a break; undefined where nothing is broken */
export function toWaiverHint({ findings }: Verdict): string | undefined {
  const broken = findings.find(({ kind, isWaived }) => (kind === "BACKWARD" || kind === "FORWARD") && !isWaived);
  if (!broken) return undefined;
  const { eventType: event_type, path, change, kind: compatibility } = broken;
  return JSON.stringify({ event_type, path, change, compatibility, reason: "…", until: "YYYY-MM-DD" });
}
