import { Problem, type ProblemCode, problems } from "../../shared/http/problem.ts";

const eventId = "evt_5f0c1d2e3b4a59687766554433221100";

/** What these problems say beyond their row of the table. */
const particulars: Readonly<Partial<Record<ProblemCode, readonly [detail: string | undefined, extras: object]>>> = {
  malformed_json: ["Malformed JSON at position 17.", {}],
  unknown_event_type: ["Unknown event_type: order.paid", {}],
  wrong_function: ["product.viewed belongs to the function user-actions.", {}],
  invalid_event: [
    "1 path of order.placed is missing or invalid.",
    { eventId, errors: [{ path: "order_id", message: "is required" }] },
  ],
  misconfigured: [undefined, { eventId }],
  publish_rejected: [undefined, { eventId }],
  publish_unavailable: [undefined, { eventId }],
  publish_timeout: [undefined, { eventId }],
};

/**
 * Examples of answers that are no success, made by the code that makes the answers.
 *
 * @returns by code
 */
export function toProblemExamples(codes: readonly ProblemCode[]): Readonly<Record<string, object>> {
  return Object.fromEntries(
    codes.map((code) => {
      const [detail, extras] = particulars[code] ?? [undefined, {}];
      const problem = new Problem(code, detail ?? problems[code].detail, extras);
      return [code, { summary: problems[code].title, value: problem.toProblemDetails() }];
    }),
  );
}
