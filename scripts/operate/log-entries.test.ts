import { expect, test } from "vitest";
import { LocalConsole } from "../local/console/local-console.ts";
import { startFront } from "../local/front.ts";
import { readLogEntries, readSince } from "./log-entries.ts";

test.each([
  ["7d", "2026-11-23T12:00:00.000Z"],
  ["12h", "2026-11-30T00:00:00.000Z"],
  ["30m", "2026-11-30T11:30:00.000Z"],
])("--since %s", (text, time) => {
  expect(readSince(text, Date.parse("2026-11-30T12:00:00Z")).toISOString()).toBe(time);
});

test.each(["", "7", "0d", "7w", "-1d", '1d" OR x', "99999d"])("--since %j is refused", (text) => {
  expect(() => readSince(text)).toThrow("--since must be a time such as 7d, 12h or 30m");
});

test("the local stack tells what its functions wrote", async () => {
  const broker = { kind: "embedded", endpoint: "localhost:1" } as const;
  const local = new LocalConsole({ broker, project: "p", domains: [] });
  const ready = Promise.resolve(local);
  const front = await startFront(
    0,
    { ready, functions: new Map(), eventTypes: new Map() },
    { answered() {}, failed() {} },
  );
  const source = { kind: "local", url: `http://localhost:${front.port}` } as const;
  const read = (since = "1d") => readLogEntries(source, readSince(since), "", ({ message }) => message !== "b");
  try {
    local.addLog("commerce", "no JSON");
    local.addLog("commerce", '{"severity":"WARNING","message":"Events refused","count":3}');
    local.addLog("commerce", '{"severity":"INFO","message":"b"}');
    local.addLog("system", '{"severity":"INFO","message":"Event accepted"}');
    const [first, second, ...rest] = await read();
    expect(first).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      severity: "WARNING",
      resource: { type: "cloud_run_revision", labels: { service_name: "commerce" } },
      jsonPayload: { message: "Events refused", count: 3 },
    });
    expect(second?.resource.labels).toEqual({ service_name: "system" });
    expect(rest).toEqual([]);
    local.clear();
    expect(await read()).toEqual([]);
  } finally {
    await front.close();
  }
  await expect(read()).rejects.toThrow(/^no local stack answers at http:\/\/localhost:\d+; start it with npm start/);
});
