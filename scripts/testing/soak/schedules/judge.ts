import { type Planned, readId } from "./tally.ts";

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Judges what an answer says about trying again.
 *
 * @param ids of the events of the request, in order
 * @returns what is wrong with it, in words
 */
export function judge(ids: readonly unknown[], isBatch: boolean, { status, headers, body }: WireAnswer): string[] {
  const members = parse(body);
  if (members === undefined) return [`${status} with a body that is no JSON: ${body.slice(0, 200)}`];
  const faults: string[] = [];
  if (status >= 500 && members.retryable !== false && !headers["retry-after"] && !Array.isArray(members.results)) {
    faults.push(`${status} without Retry-After: ${body.slice(0, 200)}`);
  }
  const results = isBatch && Array.isArray(members.results) ? members.results : undefined;
  if (results && results.length !== ids.length) return [`${results.length} results for ${ids.length} events`];
  ids.forEach((id, i) => {
    const event = readId(id);
    const own: Members = Object(results?.[i] ?? { ...members, status });
    const fault = event && judgeOne(event, own);
    if (fault) faults.push(`${fault} ${String(id)}: ${JSON.stringify(own).slice(0, 300)}`);
  });
  return faults;
}

function judgeOne({ kind }: Planned, { status, retryable, code }: Members): string | undefined {
  if (retryable === true) {
    if (kind === "invalid" && Number(status) < 500) return "says that trying again helps an event that is invalid:";
    return Number(status) >= 500 || status === 408 ? undefined : "is retryable by a status that is not:";
  }
  if (kind === "good") return status === 202 ? undefined : "gives a good event up:";
  if (status === 202) return `accepts what is ${kind}:`;
  const expected = kind === "poison" ? "publish_rejected" : "invalid_event";
  return code === expected ? undefined : `is final by another code than ${expected}:`;
}

function parse(body: string): Members | undefined {
  try {
    return Object(JSON.parse(body));
  } catch {
    return undefined;
  }
}
