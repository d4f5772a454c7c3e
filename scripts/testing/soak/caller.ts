import { setTimeout as sleep } from "node:timers/promises";
import { HttpConnection } from "../http-connection.ts";
import { type Ledger, type SoakEvent, toBody } from "./ledger.ts";

/** Events that one user has under way at once, sent together over one connection. */
const BURST = 3;

/** After a retryable answer; shorter than `Retry-After`, to be harder. */
const RETRY_AFTER_MS = 100;

/** An event that so many attempts did not bring through is given up. */
const MAX_ROUNDS = 100;

/** What callers heard besides 202. */
export interface Answers {
  /** All answers, 202 included. */
  sent: number;
  /** Retryable ones by their code. */
  readonly retryable: Map<string, number>;
  /** Whatever said neither 202 nor retryable, in full. */
  readonly others: string[];
}

/** What all callers share. */
export interface Soak {
  readonly port: number;
  readonly ledger: Ledger;
  readonly answers: Answers;
  /** Whether another burst begins; what has begun is brought to its end in any case. */
  goesOn(): boolean;
}

/**
 * One caller: a connection over which some users' events go, each user's in order. What is refused as retryable is sent
 * again under the same id until it is accepted.
 *
 * @param users the numbers of its users, which nobody else sends for
 * @throws Error when the connection breaks, or an event is never accepted
 */
export async function call(soak: Soak, users: readonly number[]): Promise<void> {
  const { promise: broken, reject } = Promise.withResolvers<never>();
  const connection = await HttpConnection.open(soak.port, reject);
  try {
    for (let sequence = 0; soak.goesOn(); sequence += BURST) {
      for (const user of users) {
        if (!soak.goesOn()) return;
        const burst = Array.from({ length: BURST }, (_, i) => ({ user, sequence: sequence + i }));
        await Promise.race([deliverAll(soak, connection, burst), broken]);
      }
    }
  } finally {
    connection.close();
  }
}

async function deliverAll(soak: Soak, connection: HttpConnection, burst: readonly SoakEvent[]): Promise<void> {
  let open = burst;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcomes = await Promise.all(
      open.map(async (event) => ({ event, isDone: await send(soak, connection, event) })),
    );
    open = outcomes.filter(({ isDone }) => !isDone).map(({ event }) => event);
    if (open.length === 0) return;
    await sleep(RETRY_AFTER_MS);
  }
  throw new Error(`An event was not accepted in ${MAX_ROUNDS} attempts.`);
}

/** @returns whether there is no reason to send it again */
function send({ ledger, answers }: Soak, connection: HttpConnection, event: SoakEvent): Promise<boolean> {
  const body = toBody(event);
  const request =
    "POST /events/ingest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" +
    `Content-Length: ${body.length}\r\n\r\n${body}`;
  const attempt = ledger.send(event);
  return new Promise((resolve) => {
    connection.send([request], (status, answer) => {
      answers.sent++;
      if (status === 202) {
        ledger.accept(event, attempt);
        resolve(true);
        return;
      }
      const { code, retryable } = readProblem(answer);
      if (retryable === true) answers.retryable.set(code, (answers.retryable.get(code) ?? 0) + 1);
      else answers.others.push(`${status} ${answer}`);
      resolve(retryable !== true);
    });
  });
}

function readProblem(answer: Buffer): { readonly code: string; readonly retryable: unknown } {
  try {
    const { code, retryable } = JSON.parse(answer.toString());
    return { code: String(code), retryable };
  } catch {
    return { code: "not JSON", retryable: false };
  }
}
