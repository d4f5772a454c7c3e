import { expect, test } from "vitest";
import { parseLogFilter, toLogEntry } from "./log-filter.ts";

const entry = toLogEntry(
  { severity: "ERROR", message: "Event not published", code: "misconfigured", latency_ms: 12 },
  "commerce",
);

test.each([
  ['resource.type="cloud_run_revision"', true],
  ['resource.labels.service_name=("system" OR "commerce")', true],
  ['resource.labels.service_name=("system" OR "user-actions")', false],
  ["severity>=WARNING", true],
  ["severity=WARNING", false],
  ["severity<ERROR", false],
  ["jsonPayload.code:*", true],
  ["jsonPayload.event_id:*", false],
  ["NOT jsonPayload.event_id:*", true],
  ['jsonPayload.message:"not published"', true],
  ['jsonPayload.code=~"^mis"', true],
  ["jsonPayload.latency_ms>1000", false],
  ["jsonPayload.latency_ms>2", true],
  ['severity=ERROR\njsonPayload.code="internal"', false],
  ['severity=ERROR\njsonPayload.code="misconfigured"', true],
  // OR binds closer than AND.
  ['severity=INFO AND jsonPayload.code="misconfigured" OR jsonPayload.code:*', false],
  ['(severity=INFO AND jsonPayload.code="internal") OR jsonPayload.code:*', true],
])("the filter %s", (filter, matches) => {
  expect(parseLogFilter(filter)(entry)).toBe(matches);
});

test.each(["severity", "severity>=", "(severity=INFO", 'code="a', "severity ~ INFO"])("refuses %j", (filter) => {
  expect(() => parseLogFilter(filter)(entry)).toThrow(/cannot/);
});
