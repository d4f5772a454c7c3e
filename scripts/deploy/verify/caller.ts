import { setTimeout as sleep } from "node:timers/promises";
import { CannotVerifyError, type Subject } from "./subject.ts";

/** A new grant takes minutes to be known everywhere. */
const patienceMs = 120_000;
const pauseMs = 5_000;
/** A function answers within its publish budget of 10 s; the rest is for a cold start. */
const answerTimeoutMs = 30_000;

export interface Answer {
  readonly status: number;
  /** The parsed body; an empty object where it is not JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends requests to one function that is to be verified. */
export type Call = (path: string, body?: string) => Promise<Answer>;

/**
 * Makes a caller whose requests all carry the same verification mark.
 *
 * What a grant that is still on its way answers is tried again, for two minutes in all: the platform's 403, where the caller is
 * no invoker yet, and the function's own `misconfigured`, where it may not publish yet.
 *
 * @param options.patience milliseconds to try again for
 * @returns a function that throws CannotVerifyError where the function cannot be reached, or not be called in time
 */
export function createCaller(
  { url, token }: Subject,
  mark: string,
  { patience = patienceMs, pause = pauseMs }: { patience?: number | undefined; pause?: number | undefined } = {},
): Call {
  const deadline = Date.now() + patience;
  const headers = {
    "content-type": "application/json",
    "pulsecart-verification": mark,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return async (path, body) => {
    for (;;) {
      const answer = await send(`${url}${path}`, { headers, body });
      const isRefused = answer.status === 401 || answer.status === 403;
      if (answer.status !== 403 && answer.body.code !== "misconfigured") {
        if (isRefused) throw new CannotVerifyError(explainRefusal(url, answer.status, token));
        return answer;
      }
      if (Date.now() + pause > deadline) {
        if (isRefused) throw new CannotVerifyError(explainRefusal(url, answer.status, token));
        return answer;
      }
      await sleep(pause);
    }
  };
}

async function send(
  url: string,
  { headers, body }: { headers: Readonly<Record<string, string>>; body: string | undefined },
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.timeout(answerTimeoutMs),
      redirect: "manual",
      ...(body !== undefined && { method: "POST", body }),
    });
    const text = await response.text();
    return { status: response.status, body: readJson(text) };
  } catch (error) {
    const { message, cause } = error as Error;
    throw new CannotVerifyError(
      `${url} does not answer: ${cause instanceof Error ? cause.message || message : message}`,
    );
  }
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function explainRefusal(url: string, status: number, token: string | undefined): string {
  const who =
    token === undefined
      ? "there is no ID token for the account that gcloud is logged in with"
      : "the account is no invoker";
  return `${url} answered ${status}: ${who}; deploy with --invoker, or verify with --impersonate SERVICE_ACCOUNT that is one`;
}
