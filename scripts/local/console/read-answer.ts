import { parseObject, toObject, toText } from "./parse-json.ts";
import type { NamedFault, Outcome } from "./protocol.ts";

/** What an answer says of the events that were sent. */
interface ReadAnswer {
  readonly code: string;
  /** Whether it says something of each event. */
  readonly isBatch: boolean;
  /** One an event. */
  readonly outcomes: readonly Outcome[];
}

/** @param events how many were sent */
export function readAnswer(body: string, status: number, events: number): ReadAnswer {
  const answer = parseObject(body);
  const code = toText(answer.code);
  if (Array.isArray(answer.results)) {
    const outcomes = answer.results.map((result, index) => toOutcome(toObject(result), `${index}.`));
    return { code, isBatch: true, outcomes };
  }
  return { code, isBatch: false, outcomes: Array<Outcome>(events).fill({ ...toOutcome(answer, ""), status }) };
}

/** @param prefix leads from the body to the event */
function toOutcome(result: Readonly<Record<string, unknown>>, prefix: string): Outcome {
  const { status, code, event_id, message_id, detail } = result;
  const toFault = (fault: unknown): NamedFault => {
    const { path, message } = toObject(fault);
    return { path: prefix + toText(path), message: toText(message) };
  };
  const omitted = Number(result.warnings_omitted) || 0;
  const warnings = [
    ...toList(result.warnings),
    ...(omitted > 0 ? [{ path: "payload", message: `has ${omitted} more` }] : []),
  ];
  const faults = [
    ...toList(result.errors).map(toFault),
    ...warnings.map((each) => ({ ...toFault(each), isWarning: true })),
  ];
  return {
    status: typeof status === "number" ? status : 0,
    code: toText(code),
    id: toText(event_id),
    messageId: toText(message_id),
    warnings: toList(result.warnings).length + omitted,
    ...(typeof detail === "string" && { detail }),
    ...(faults.length > 0 && { faults }),
  };
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
