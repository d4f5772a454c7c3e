import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { DefinedEvent, Domain } from "../../shared/events/domain.ts";
import { listFaults } from "../../shared/events/judging/faults.ts";
import { prepare } from "../../shared/events/judging/prepare.ts";
import { domains, type FunctionName } from "../../shared/events/registry.ts";
import { runProgram } from "../common/run-program.ts";
import { LocalConsole } from "../local/console/local-console.ts";
import { type Front, startFront } from "../local/front.ts";
import { connectPubSub } from "../pubsub/client.ts";
import { startFunction } from "../testing/function-process.ts";

const endpoint = inject("pubsub");
const project = "faults";

/** What an empty payload of a type is marked with. */
const listMissing = ({ payload }: DefinedEvent) =>
  payload ? [...(listFaults(prepare(payload), {}, "payload")?.keys() ?? [])] : [];
/** A function with three types in report mode of which an empty payload is at fault. */
const found = Object.values<Domain>(domains)
  .map((each) => ({
    domain: each,
    reported: Object.values(each.events).filter((event) => !event.enforce && listMissing(event).length > 0),
  }))
  .find(({ reported }) => reported.length >= 3);
if (!found) throw new Error("no function has three types in report mode with required members, as this test needs");
const { domain, reported } = found;
const [calm, rare, faulty] = reported as [DefinedEvent, DefinedEvent, DefinedEvent];

let front: Front;

/** A local stack whose function has written its summaries, of 3,000 events, and has ended. */
beforeAll(async () => {
  const admin = connectPubSub(endpoint, project);
  await admin.createTopic(domain.topic).catch(() => {});
  admin.close();
  const running = await startFunction(domain.name as FunctionName, {
    endpoint,
    project,
    env: { CALLER_IDENTITY: "local" },
  });
  const send = async (caller: string, batch: readonly object[]) => {
    const response = await fetch(`${running.url}/events/batch`, {
      method: "POST",
      headers: { "content-type": "application/json", "pulsecart-caller": caller },
      body: JSON.stringify(batch),
    });
    await response.text();
  };
  await send("shop", Array(999).fill(calm.sample));
  await send("app", [{ ...calm.sample, user_id: "" }]);
  await send("shop", Array(999).fill(rare.sample));
  await send("shop", Array(990).fill(faulty.sample));
  await send("psp", [...Array(9).fill({ ...faulty.sample, payload: {} }), { event_type: "nobody.knows" }]);
  await running.stop();
  const broker = { kind: "embedded", endpoint } as const;
  const local = new LocalConsole({ broker, project, domains: [] });
  for (const line of running.logs) local.addLog(domain.name, JSON.stringify(line));
  const behind = { ready: Promise.resolve(local), functions: new Map(), eventTypes: new Map() };
  front = await startFront(0, behind, { answered() {}, failed() {} });
});
afterAll(() => front?.close());

const run = (...args: string[]) => {
  const script = fileURLToPath(new URL("faults.ts", import.meta.url));
  return runProgram(process.execPath, [script, ...args], process.env);
};
const local = () => ["--local", `http://localhost:${front.port}`];

test("a mix of types, callers and silence, as JSON", async () => {
  const { code, stdout, stderr } = await run(...local(), "--json");
  expect([code, stderr]).toEqual([1, ""]);
  const time = expect.stringMatching(/^\d{4}-.*Z$/);
  const seen = { first: time, last: time };
  expect(JSON.parse(stdout).filter(({ events: count }: { events: number }) => count > 0)).toEqual([
    {
      ...{ type: calm.type, events: 1000, verdict: "safe to enforce" },
      rows: [{ caller: "app", path: "user_id", refused: 1, marked: 0, ...seen }],
    },
    { type: rare.type, events: 999, verdict: "not known: 999 events", rows: [] },
    {
      ...{ type: faulty.type, events: 999, verdict: "not safe: psp 9" },
      rows: listMissing(faulty).map((path) => ({ caller: "psp", path, refused: 0, marked: 9, ...seen })),
    },
  ]);
  expect(stdout).toContain('"verdict": "not known: 0 events"');
});

test.each([
  [calm.type, 0, `${calm.type}: safe to enforce`],
  [faulty.type, 1, `${faulty.type}: not safe: psp 9`],
  [rare.type, 2, `${rare.type}: not known: 999 events`],
  ["system's", 2, 'there is no event type "system\'s"'],
])("--type %s ends with %i", async (type, code, last) => {
  const result = await run(...local(), "--type", type);
  expect([result.code, (result.stdout + result.stderr).trim().split("\n").at(-1)]).toEqual([code, last]);
});

test.each([
  [["--local", "--project", "shop-prod"], "--project does not go with --local"],
  [["http://localhost:1"], "http://localhost:1 needs --local"],
  [[], "--project is missing: the id of the Google Cloud project"],
  [["--project", "shop-prod", "--since", "a week"], '--since must be a time such as 7d, 12h or 30m, not "a week"'],
  [["--local", "order.placed"], '"order.placed" is no option; see --help'],
  [
    ["--local", "http://127.0.0.1:9"],
    "no local stack answers at http://127.0.0.1:9; start it with npm start, or give its URL: --local http://localhost:PORT",
  ],
])("refuses %j in one line, with exit code 2", async (args, line) => {
  expect(await run(...args)).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
});
