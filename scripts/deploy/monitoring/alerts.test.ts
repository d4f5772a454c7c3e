import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { status as grpc } from "@grpc/grpc-js";
import { parser } from "@prometheus-io/lezer-promql";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { commerce } from "../../../shared/events/commerce.ts";
import { type ProblemCode, problems } from "../../../shared/http/problem.ts";
import { readContext } from "../../../shared/ingest/context.ts";
import { Contract } from "../../../shared/ingest/contract.ts";
import { takeEvent } from "../../../shared/ingest/event.ts";
import { InFlight } from "../../../shared/ingest/in-flight.ts";
import { uncounted } from "../../../shared/ingest/summaries.ts";
import { createLog } from "../../../shared/log.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { startFaultyPubSub } from "../../pubsub/faulty-pubsub.ts";
import { startFunction } from "../../testing/function-process.ts";
import { type LogEntry, parseLogFilter, toLogEntry } from "../../testing/google-cloud/log-filter.ts";
import { post as postTo } from "../../testing/post.ts";
import { alertsByCode, codesOf, listAlertPolicies } from "./alert-policies.ts";
import { badAnswers } from "./burn-rate.ts";
import { dashboard } from "./dashboard.ts";
import { acceptedEvents, failures, type LogMetric, logMetrics, markedEvents, refusedEvents } from "./log-metrics.ts";
import { readRunbook } from "./policy-resource.ts";

const project = "alerts";
const { sample } = commerce.events["order.placed"];
const codes = Object.keys(problems) as ProblemCode[];

type Line = Readonly<Record<string, unknown>>;

/** What a real function, and for `internal` its code, wrote about one event or more of each kind. */
const lines: Line[] = [];
const entries = () => lines.map((line) => toLogEntry(line, "commerce"));
const linesOf = (code: ProblemCode) => entries().filter((entry) => toPayload(entry).code === code);
const toPayload = (entry: LogEntry) => entry.jsonPayload as Line;

beforeAll(async () => {
  const pubsub = await startFaultyPubSub();
  const admin = connectPubSub(pubsub.endpoint, project);
  await admin.createTopic(commerce.topic);
  admin.close();
  const running = await startFunction("commerce", {
    endpoint: pubsub.endpoint,
    project,
    env: { PUBLISH_TIMEOUT_MS: "2500", MAX_IN_FLIGHT: "2", CALLER_IDENTITY: "local", PAYLOAD_CHECKS: "report" },
  });
  const post = (body: unknown, path = "/events/ingest") =>
    postTo(`${running.url}${path}`, body, { "pulsecart-caller": "checkout" });
  try {
    await post(sample);
    await post({ ...sample, payload: {} });
    await post({ ...sample, user_id: "" });
    await post("not JSON");
    for (const code of [grpc.PERMISSION_DENIED, grpc.INVALID_ARGUMENT]) {
      pubsub.faults.failNext(1, code);
      await post(sample);
    }
    // The first fails, its user's second is not attempted.
    pubsub.faults.failNext(1, grpc.PERMISSION_DENIED);
    await post([sample, sample], "/events/batch");
    // Both wait; a third one is too many.
    const stopDelay = pubsub.faults.every(1, { kind: "delay", ms: 1_500 });
    await Promise.all([1, 2, 3].map(() => post({ ...sample, user_id: randomUUID() })));
    stopDelay();
    const stopErrors = pubsub.faults.every(1, { kind: "error", code: grpc.UNAVAILABLE });
    await post(sample);
    stopErrors();
    const stopHanging = pubsub.faults.every(1, { kind: "hang" });
    await post(sample);
    stopHanging();
  } finally {
    await running.stop();
    await pubsub.close();
  }
  lines.push(...running.logs, await writeInternal());
});

/** The line of an event that failed on a fault of our own, which cannot be had of a sound function. */
async function writeInternal(): Promise<Line> {
  let written = "";
  const log = createLog({ LOG_LEVEL: "info", ENVIRONMENT: "prod", GCP_PROJECT_ID: project }, (text) => {
    written += text;
  });
  const service = {
    domain: commerce,
    publisher: { publish: () => Promise.reject(new TypeError("a bug")) },
    log,
    inFlight: new InFlight(1),
    contract: new Contract(commerce, "registry"),
    summaries: uncounted,
    readCaller: () => undefined,
  };
  await takeEvent(service, readContext({ headers: {} }), {
    bytes: Buffer.from(JSON.stringify(sample)),
    isLines: false,
  });
  await vi.waitUntil(() => written !== "", 10_000);
  return JSON.parse(written) as Line;
}

describe("log-based metrics", () => {
  test.each(logMetrics)("$name counts real lines, and finds its labels in them", ({ filter, labels, sums }) => {
    const counted = entries().filter(parseLogFilter(filter));
    expect(counted.length).toBeGreaterThan(0);
    for (const label of labels) {
      // What could not be read has no event type.
      const typed = counted.filter((entry) => label !== "event_type" || toPayload(entry).code !== "malformed_json");
      for (const entry of typed) expect(toPayload(entry)[label]).toEqual(expect.any(String));
    }
    if (sums !== undefined) for (const entry of counted) expect(toPayload(entry)[sums]).toEqual(expect.any(Number));
  });

  test("each failure and each summary is counted by one metric, any other line by none", () => {
    for (const entry of entries()) {
      const counting = logMetrics.filter(({ filter }) => parseLogFilter(filter)(entry));
      const { message, code, count } = toPayload(entry);
      const isFailure = code !== undefined && problems[code as ProblemCode].status >= 500;
      const isCounted = count !== undefined || isFailure;
      expect([message, code, counting.length]).toEqual([message, code, isCounted ? 1 : 0]);
    }
  });

  test("what they add up is what was sent", () => {
    const sumOf = ({ filter }: LogMetric) =>
      entries()
        .filter(parseLogFilter(filter))
        .reduce((sum, entry) => sum + Number(toPayload(entry).count), 0);
    expect([acceptedEvents, markedEvents, refusedEvents].map(sumOf)).toEqual([4, 1, 2]);
  });

  test("lines of other services are not counted", () => {
    const foreign = lines.map((line) => toLogEntry(line, "checkout"));
    for (const { filter } of logMetrics) expect(foreign.filter(parseLogFilter(filter))).toEqual([]);
  });
});

describe("each code", () => {
  const query = listAlertPolicies(true).find(({ id }) => id === "failures")?.query ?? "";
  const watched = new RegExp(`^(?:${/code=~"([^"]+)"/.exec(query)?.[1]})$`);
  const refusals = listAlertPolicies(true).find(({ id }) => id === "refusals")?.query ?? "";
  const isFailureAlert = (code: ProblemCode) =>
    watched.test(code) && linesOf(code).some(parseLogFilter(failures.filter));

  test.each(codes)("%s sets off the one alert that it is said to, or none", (code) => {
    const entry = alertsByCode[code];
    const isBad = new RegExp(`^(?:${badAnswers})$`).test(String(problems[code].status));
    if ("silent" in entry) {
      expect(watched.test(code)).toBe(false);
      expect(isBad && code !== "not_attempted").toBe(false);
      expect(entry.silent).not.toBe("");
    } else if (entry.alert === "failures") {
      expect(isFailureAlert(code)).toBe(true);
    } else if (entry.alert === "refusals") {
      expect([isBad, watched.test(code), refusals.includes(code)]).toEqual([false, false, true]);
    } else {
      expect([isBad, watched.test(code)]).toEqual([true, false]);
    }
  });

  test("no alert waits for a code that there is not", () => {
    const waitedFor = /code=~"([^"]+)"/.exec(query)?.[1]?.split("|") ?? [];
    expect(waitedFor.sort()).toEqual([...codesOf("failures")].sort());
    expect(waitedFor.filter((code) => linesOf(code as ProblemCode).length === 0)).toEqual([]);
  });

  test("what somebody has to act on is an ERROR, what heals by itself a WARNING", () => {
    for (const code of codesOf("failures")) for (const { severity } of linesOf(code)) expect(severity).toBe("ERROR");
    const healing = codesOf("slo").flatMap(linesOf);
    expect(new Set(healing.map((entry) => toPayload(entry).code))).toEqual(
      new Set(codesOf("slo").filter((code) => code !== "shutting_down")),
    );
    for (const { severity } of healing) expect(severity).toBe("WARNING");
  });
});

/** Whether Prometheus's own grammar can read it. */
function isPromQl(query: string): boolean {
  let isSound = query !== "";
  parser.parse(query).iterate({
    enter: ({ type }) => {
      if (type.isError) isSound = false;
    },
  });
  return isSound;
}

test("each alert and each chart is sound PromQL", () => {
  expect(isPromQl("sum by (a) (rate(b[5m])) > ")).toBe(false);
  const dataSets = dashboard.mosaicLayout.tiles.flatMap(({ widget }) => widget.xyChart.dataSets);
  const charts = dataSets.map(({ timeSeriesQuery }) => timeSeriesQuery.prometheusQuery);
  for (const query of [...listAlertPolicies(true).map((policy) => policy.query), ...charts]) {
    expect([query, isPromQl(query)]).toEqual([query, true]);
  }
});

describe("docs/operations.md", () => {
  test("each query finds a real line", async () => {
    const text = await readFile(new URL("../../../docs/operations.md", import.meta.url), "utf8");
    const queries = [...text.matchAll(/^```\n(resource\.type=[^`]+)```/gm)].map(([, query]) => query ?? "");
    expect(queries).toHaveLength(1);
    // Those of the alerts' first look, too.
    const looks = [...text.matchAll(/gcloud logging read '([^']+)'/g)].map(([, filter]) => filter ?? "");
    expect(looks.length).toBeGreaterThan(1);
    for (const query of [...queries, ...looks.filter((look) => !look.includes("Events refused"))]) {
      const found = entries().filter(parseLogFilter(query));
      expect([query, found.length > 0]).toEqual([query, true]);
    }
  });

  test.each(listAlertPolicies(true))("has a section for the alert $id, which it says and links to", ({ title }) => {
    const said = readRunbook(title, "https://example.com/operations.md");
    for (const part of ["Broken:", "Look", "Do", "Over:", "Tell"])
      expect(said.toLowerCase()).toContain(`**${part.toLowerCase()}`);
    expect(said).toMatch(/\n\nRunbook: https:\/\/example.com\/operations.md#[a-z0-9-]+$/);
    expect(said.length).toBeGreaterThan(200);
    // Cloud Monitoring allows 8 KiB.
    expect(Buffer.byteLength(said)).toBeLessThan(8192);
  });
});
