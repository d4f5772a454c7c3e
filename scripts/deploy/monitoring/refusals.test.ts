import { parser } from "@prometheus-io/lezer-promql";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { commerce } from "../../../shared/events/commerce.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { buildEnforced } from "../../testing/enforced-function.ts";
import { startFunction } from "../../testing/function-process.ts";
import { parseLogFilter, toLogEntry } from "../../testing/google-cloud/log-filter.ts";
import { listAlertPolicies } from "./alert-policies.ts";
import { logMetrics, toSelector } from "./log-metrics.ts";

type Labels = Readonly<Record<string, string>>;
type Line = Readonly<Record<string, unknown>>;

/** What a log-based metric has of one line. */
interface Sample {
  readonly metric: string;
  readonly labels: Labels;
  /** In minutes. */
  readonly at: number;
  readonly value: number;
}

type Vector = ReadonlyMap<string, { readonly labels: Labels; readonly value: number }>;

/** What Cloud Logging makes of a line. */
function toSamples(line: Line): Omit<Sample, "at">[] {
  const entry = toLogEntry(line, "commerce");
  const fields = entry.jsonPayload as Line;
  return logMetrics
    .filter(({ filter, sums }) => sums !== undefined && parseLogFilter(filter)(entry))
    .map((metric) => {
      const labels = metric.labels.flatMap((label) =>
        fields[label] === undefined ? [] : [[label, `${fields[label]}`]],
      );
      const own = { ...Object.fromEntries(labels), monitored_resource: "cloud_run_revision" };
      return { metric: toSelector(metric).split("{")[0] as string, labels: own, value: Number(fields.count) };
    });
}

/** Evaluates as much of PromQL as these alerts use. @returns the label sets for which the alert is on */
function evaluate(query: string, samples: readonly Sample[], now: number): Labels[] {
  type Node = NonNullable<ReturnType<typeof parser.parse>["topNode"]["firstChild"]>;
  const textOf = ({ from, to }: Node) => query.slice(from, to);
  const find = (node: Node, name: string): Node[] => {
    const found: Node[] = [];
    node.cursor().iterate((each) => void (each.name === name && found.push(each.node)));
    return found;
  };
  const minutesOf = (text: string) => Number.parseInt(text, 10) * (text.endsWith("d") ? 1440 : 1);

  const select = (node: Node): Vector => {
    const [selector] = find(node, "VectorSelector") as [Node];
    const [window, offset] = find(node, "NumberDurationLiteralInDurationContext").map(textOf).map(minutesOf);
    const end = now - (offset ?? 0);
    const isWanted = ({ metric, labels, at }: Sample) =>
      metric === textOf(find(selector, "Identifier")[0] as Node) &&
      at > end - (window as number) &&
      at <= end &&
      find(selector, "UnquotedLabelMatcher").every((matcher) => {
        const [, name = "", operator, value = ""] = /^(\w+)(=~|!=|=)"(.*)"$/.exec(textOf(matcher)) ?? [];
        const label = labels[name] ?? "";
        return operator === "=~" ? new RegExp(`^(?:${value})$`).test(label) : (label === value) === (operator === "=");
      });
    return group(samples.filter(isWanted), (labels) => labels);
  };
  const group = (parts: readonly { labels: Labels; value: number }[], toOwn: (labels: Labels) => Labels): Vector => {
    const sums = new Map<string, { labels: Labels; value: number }>();
    for (const { labels, value } of parts) {
      const own = toOwn(labels);
      const key = JSON.stringify(Object.entries(own).sort());
      sums.set(key, { labels: own, value: (sums.get(key)?.value ?? 0) + value });
    }
    return sums;
  };
  const combine = (left: Vector | number, operator: string, right: Vector | number): Vector => {
    if (operator === "Or") return new Map([...(right as Vector), ...(left as Vector)]);
    const keys = typeof left === "number" ? [...(right as Vector).keys()] : [...left.keys()];
    const valueAt = (side: Vector | number, key: string) => (typeof side === "number" ? side : side.get(key)?.value);
    return new Map(
      keys.flatMap((key) => {
        const [a, b] = [valueAt(left, key), valueAt(right, key)];
        const { labels } = ((typeof left === "number" ? right : left) as Vector).get(key) as { labels: Labels };
        const kept = (value: number) => [[key, { labels, value }]] as const;
        if (operator === "Unless") return b === undefined ? kept(a as number) : [];
        if (a === undefined || b === undefined) return [];
        if (operator === "And") return kept(a);
        if (operator === "Gtr") return a > b ? kept(a) : [];
        if (operator === "Gte") return a >= b ? kept(a) : [];
        if (operator === "Mul") return kept(a * b);
        if (operator === "Add") return kept(a + b);
        throw new Error(`no operator ${operator} is known`);
      }),
    );
  };
  const run = (node: Node): Vector | number => {
    if (node.name === "NumberDurationLiteral") return Number(textOf(node));
    if (node.name === "FunctionCall") return select(node);
    if (node.name === "ParenExpr") return run(node.firstChild as Node);
    if (node.name === "AggregateExpr") {
      const names = find(find(node, "GroupingLabels")[0] as Node, "LabelName").map(textOf);
      const inner = run(find(node, "FunctionCall")[0] as Node) as Vector;
      return group([...inner.values()], (labels) =>
        Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]]))),
      );
    }
    const [left, operator, right] = [node.firstChild, node.firstChild?.nextSibling, node.lastChild] as Node[];
    return combine(run(left as Node), (operator as Node).name, run(right as Node));
  };
  const result = run(parser.parse(query).topNode.firstChild as Node) as Vector;
  return [...result.values()].map(({ labels }) => labels);
}

/** The lines that real functions wrote about a caller's events: the registry's as it is, and with every type enforced. */
const lines: Record<"accepted" | "marked" | "refused" | "unreadable" | "enforced", Line> = {} as never;

beforeAll(async () => {
  const [endpoint, project] = [inject("pubsub"), "refusals"];
  const admin = connectPubSub(endpoint, project);
  await admin.createTopic(commerce.topic).catch(() => {});
  admin.close();
  const { sample } = commerce.events["order.placed"];
  const enforced = await buildEnforced("commerce");
  const write = async (source: string | undefined, bodies: readonly string[]) => {
    // What the registry enforces today is not for this test.
    const checks = source === undefined ? { PAYLOAD_CHECKS: "report" } : {};
    const env = { CALLER_IDENTITY: "local", LOG_LEVEL: "warning", ...checks };
    const running = await startFunction("commerce", {
      endpoint,
      project,
      env,
      ...(source !== undefined && { source }),
    });
    const headers = { "content-type": "application/json", "pulsecart-caller": "checkout" };
    for (const body of bodies) await fetch(running.url, { method: "POST", headers, body });
    await running.stop();
    return (message: string, code?: string) =>
      running.logs.find((line) => line.message === message && line.code === code) as Line;
  };
  const faulty = { ...sample, payload: {} };
  const find = await write(
    undefined,
    [sample, faulty, { ...sample, user_id: "" }, null].map((each) => JSON.stringify(each)),
  );
  lines.accepted = find("Events accepted");
  lines.marked = find("Payload differs from its schema");
  lines.refused = find("Events refused", "invalid_event");
  lines.unreadable = find("Events refused", "malformed_json");
  lines.enforced = (await write(enforced.source, [JSON.stringify(faulty)]))("Events refused", "invalid_event");
  await enforced.remove();
});

const toQuery = (wanted: string) => listAlertPolicies(true).find(({ id }) => id === wanted)?.query ?? "";
const order = { event_type: "order.placed", caller: "checkout" };
const DAY = 1440;
const now = 3 * DAY;

/** A line every so many minutes, within a stretch of time; each counts so many events. */
function every(minutes: number, from: number, to: number, kind: keyof typeof lines, count: number): Sample[] {
  const times = Array.from({ length: Math.ceil((to - from) / minutes) }, (_, at) => from + at * minutes);
  const samples = toSamples({ ...lines[kind], count });
  expect(samples).toHaveLength(1);
  return times.flatMap((at) => samples.map((sample) => ({ ...sample, at })));
}

let steady: readonly Sample[];
beforeAll(() => {
  steady = every(1, 0, now, "accepted", 100);
});

describe.each([
  ["refusals", "refused"],
  ["payload-faults", "marked"],
] as const)("the alert %s", (id, kind) => {
  const isOn = (...samples: Sample[]) => evaluate(toQuery(id), [...steady, ...samples], now);

  test("is on where they begin after a day without, and tells of whom", () => {
    expect(isOn(...every(1, now - 5, now, kind, 1))).toEqual([order]);
    expect(isOn(...every(1, 0, DAY, kind, 1), ...every(1, now - 5, now, kind, 1))).toEqual([order]);
  });

  test("is off without any, and where a few of many are known since yesterday", () => {
    expect(isOn()).toEqual([]);
    expect(isOn(...every(60, now - DAY, now, kind, 1))).toEqual([]);
    expect(isOn(...every(1, now - DAY, now, kind, 4))).toEqual([]);
  });

  test("ends when they do", () => {
    expect(isOn(...every(1, now - 60, now - 20, kind, 50))).toEqual([]);
  });
});

describe("the alert refusals", () => {
  const isOn = (...samples: Sample[]) => evaluate(toQuery("refusals"), samples, now);

  test("is on for a third of a caller's events, though it had refusals each day", () => {
    const usual = every(60, 0, now, "refused", 1);
    expect(isOn(...steady, ...usual)).toEqual([]);
    expect(isOn(...steady, ...usual, ...every(1, now - 10, now, "refused", 50))).toEqual([order]);
  });

  test("is on for a caller of whose events none is accepted any more", () => {
    expect(isOn(...every(1, 0, now, "refused", 2))).toEqual([order]);
  });

  test("is on for what cannot be read, which has no type", () => {
    expect(isOn(...steady, ...every(1, now - 10, now, "unreadable", 1))).toEqual([{ caller: "checkout" }]);
    expect(isOn(...steady, ...every(5, 0, now, "unreadable", 5))).toEqual([]);
  });

  test("tells the release of one caller from the usual slips of another", () => {
    const slips = every(60, 0, now, "refused", 1).map((sample) => ({
      ...sample,
      labels: { ...sample.labels, caller: "app" },
    }));
    expect(isOn(...steady, ...slips, ...every(1, now - 5, now, "refused", 1))).toEqual([order]);
  });
});

test.each([0, 1])(
  "enforcing a type moves it from the one alert to the other, also with %i other refusals an hour",
  (slips) => {
    const marked = every(1, 0, now - 10, "marked", 3);
    const enforced = every(1, now - 10, now, "enforced", 3);
    const others = slips === 0 ? [] : every(60, 0, now, "refused", slips);
    const before = evaluate(
      toQuery("payload-faults"),
      [...steady, ...marked.filter(({ at }) => at > now - 20)],
      now - 10,
    );
    expect(before).toEqual([order]);
    expect(evaluate(toQuery("refusals"), [...steady, ...marked, ...others, ...enforced], now)).toEqual([order]);
  },
);
