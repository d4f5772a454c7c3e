import { functionNames } from "../../../shared/events/registry.ts";

/** Of all answers of a function in 30 days, 99.9 % are neither 429 nor 5xx. */
export const objective = 0.999;

/** The answers that miss the objective. 429 is the platform's own, from above the most instances. */
export const badAnswers = "429|5..";

/** A ratio is not worth waking anyone for below this many bad answers in the long window. */
export const floor = 10;

/** The fastest alert's factor: a month's budget is gone in two days. */
export const fastFactor = 14.4;

/** The share of bad answers above which the fastest alert speaks. */
export const fastLimit = toLimit(fastFactor);

/** How fast the error budget is used up: `factor` times as fast as 30 days allow, over both windows. */
export interface BurnRate {
  readonly long: string;
  /** Whether it still goes on: the alert ends soon after the failures do. */
  readonly short: string;
  readonly factor: number;
}

const services = functionNames.join("|");

/** Writes the answers of each function in a window, in PromQL. The platform counts them: it sees its own 429 too. */
export function toAnswers(window: string, responseCodes?: string): string {
  const codes = responseCodes === undefined ? "" : `,response_code=~"${responseCodes}"`;
  const selector = `run_googleapis_com:request_count{monitored_resource="cloud_run_revision",service_name=~"${services}"${codes}}`;
  return `sum by (service_name, location) (increase(${selector}[${window}]))`;
}

/**
 * Writes the condition under which a function burns its error budget too fast, in PromQL.
 *
 * @see https://sre.google/workbook/alerting-on-slos/
 */
export function toBurnRateQuery({ long, short, factor }: BurnRate): string {
  const limit = toLimit(factor);
  const exceeds = (window: string) => `(${toAnswers(window, badAnswers)} / ${toAnswers(window)} > ${limit})`;
  return [exceeds(long), exceeds(short), `(${toAnswers(long, badAnswers)} >= ${floor})`].join("\nand ");
}

function toLimit(factor: number): number {
  return Number((factor * (1 - objective)).toFixed(4));
}
