import type { TypeChange } from "./compare-contracts.ts";
import { PUBLISHED, WAIVERS } from "./pictures.ts";
import { findFault, type Waiver } from "./waivers.ts";

/** What a line begins with; `contributing.md` says what each means. */
type Kind = "BACKWARD" | "FORWARD" | "UNKNOWN" | "MARKED" | "NOTICE" | "COMPATIBLE";

/** The kinds that fail, and that a waiver lets pass. */
type Failing = Waiver["compatibility"];

/** One line of the command's output. */
export interface Finding {
  readonly eventType: string;
  /** Whom to tell about the type. */
  readonly owner?: string | undefined;
  readonly path: string;
  readonly kind: Kind;
  readonly text: string;
  /** What is different, as a waiver names it. */
  readonly change: string;
  /** Whether it is meant: it fails nothing. */
  readonly isWaived: boolean;
}

/** A line about a waiver itself. */
export interface WaiverNote {
  readonly kind: "ERROR" | "EXPIRED" | "NOTICE";
  readonly text: string;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  readonly notes: readonly WaiverNote[];
  /** 0: nobody is broken, 1: somebody is, 2: the command cannot tell. */
  readonly exitCode: 0 | 1 | 2;
}

/**
 * Judges changes: which break somebody, and which of those are meant.
 *
 * @param known the waivers of the revision that is compared with
 */
export function judge(
  changes: readonly TypeChange[],
  waivers: readonly Waiver[],
  known: readonly Waiver[] = [],
  now = new Date(),
): Verdict {
  const used = new Set<Waiver>();
  const valid = waivers.filter((waiver) => findFault(waiver, now)?.kind !== "EXPIRED");
  const findings = changes.flatMap((change) => toFindings(change, valid, used));
  const notes = waivers.flatMap((waiver) => toNotes(waiver, used.has(waiver), known, now));
  const has = (...kinds: Kind[]) => findings.some(({ kind, isWaived }) => kinds.includes(kind) && !isWaived);
  const isWrong = notes.some(({ kind }) => kind !== "NOTICE");
  return { findings, notes, exitCode: has("BACKWARD", "FORWARD") || isWrong ? 1 : has("UNKNOWN") ? 2 : 0 };
}

function toFindings(change: TypeChange, waivers: readonly Waiver[], used: Set<Waiver>): Finding[] {
  const { eventType, owner, path, text, backward, forward, unknown, marked, notice } = change;
  const toFinding = (kind: Kind, reason?: string, meant = ""): Finding => {
    const line = reason ? `${text}: ${reason}` : text;
    return { eventType, ...(owner && { owner }), path, kind, text: line + meant, change: text, isWaived: meant !== "" };
  };
  const toFailing = (kind: Failing, reason: string | undefined): Finding[] => {
    if (reason === undefined) return [];
    const waiver = waivers.find((each) => isOf(each, eventType, path, text, kind));
    if (waiver) used.add(waiver);
    return [toFinding(kind, reason, waiver && ` (meant until ${waiver.until}: ${waiver.reason})`)];
  };
  const found = [
    ...toFailing("BACKWARD", backward),
    ...toFailing("FORWARD", forward),
    ...toFailing("UNKNOWN", unknown),
    ...(marked === undefined ? [] : [toFinding("MARKED", marked)]),
    ...(notice === undefined ? [] : [toFinding("NOTICE", notice)]),
  ];
  return found.length > 0 ? found : [toFinding("COMPATIBLE")];
}

function isOf(waiver: Waiver, eventType: string, path: string, change: string, kind: string): boolean {
  const { event_type, compatibility } = waiver;
  return event_type === eventType && waiver.path === path && waiver.change === change && compatibility === kind;
}

function toNotes(waiver: Waiver, isUsed: boolean, known: readonly Waiver[], now: Date): WaiverNote[] {
  const what = [waiver.event_type, waiver.path, waiver.compatibility].filter(Boolean).join(" ");
  const fault = findFault(waiver, now);
  const isKnown = known.some((each) => isOf(each, waiver.event_type, waiver.path, waiver.change, waiver.compatibility));
  const toNote = (kind: WaiverNote["kind"], text: string) => ({ kind, text: `the waiver of ${what} ${text}` });
  if (fault) return [toNote(fault.kind, fault.text)];
  if (isUsed) return [];
  return isKnown
    ? [toNote("NOTICE", "has no line any more: remove it once every branch has its change")]
    : [toNote("ERROR", `matches no line: its change reads ${JSON.stringify(waiver.change)}`)];
}

/** @returns `order.placed payload.currency  BACKWARD  required added: events accepted today would be refused (owner: orders)` */
export function toLine({ eventType, owner, path, kind, text }: Finding): string {
  const whom = owner === undefined ? "" : ` (owner: ${owner})`;
  return `${path === "" ? eventType : `${eventType} ${path}`}  ${kind}  ${text}${whom}`;
}

export function toNoteLine({ kind, text }: WaiverNote): string {
  return `${PUBLISHED}${WAIVERS}  ${kind}  ${text}`;
}

/** @returns the entries of `waivers.json` that would waive what fails, ready to paste but for the reason */
export function toWaivers({ findings }: Verdict, now = new Date()): string | undefined {
  const failing = findings.filter(({ kind, isWaived }) => /BACKWARD|FORWARD|UNKNOWN/.test(kind) && !isWaived);
  if (failing.length === 0) return undefined;
  const until = new Date(now.getTime() + 90 * 86_400_000).toISOString().slice(0, 10);
  return failing
    .map(({ eventType: event_type, path, change, kind: compatibility }) =>
      JSON.stringify({ event_type, path, change, compatibility, reason: "…", until }),
    )
    .join(",\n");
}
