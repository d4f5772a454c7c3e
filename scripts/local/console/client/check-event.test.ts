import { expect, it } from "vitest";
import { toFaults } from "./check-event.ts";

const error = { path: "user_id", message: "is required" };
const warning = { path: "payload.total", message: "must be a number" };

it.each([
  ["nothing", { status: "valid" }, []],
  [
    "faults, then warnings",
    { code: "invalid_event", detail: "…", errors: [error], warnings: [warning] },
    [
      { ...error, isWarning: false },
      { ...warning, isWarning: true },
    ],
  ],
  [
    "how many warnings it leaves out",
    { status: "valid", warnings: [warning], warnings_omitted: 7 },
    [
      { ...warning, isWarning: true },
      { path: "payload", message: "has 7 more", isWarning: true },
    ],
  ],
  [
    "a type that no function takes, and where it is",
    { code: "unknown_event_type", detail: "Unknown event_type: x" },
    [{ path: "", at: "event_type", message: "Unknown event_type: x", isWarning: false }],
  ],
  [
    "what is no JSON",
    { code: "malformed_json", detail: "Malformed JSON at position 5." },
    [{ path: "", at: "", message: "Malformed JSON at position 5.", isWarning: false }],
  ],
  [
    "each event of a batch, by its place",
    { results: [{ status: 200 }, { code: "invalid_event", errors: [error] }, { code: "wrong_function", detail: "…" }] },
    [
      { path: "1.user_id", at: "1.user_id", message: "is required", isWarning: false },
      { path: "2", at: "2.event_type", message: "…", isWarning: false },
    ],
  ],
])("reads from an answer: %s", (_, answer, faults) => {
  expect(toFaults(JSON.stringify(answer))).toEqual(faults);
});
