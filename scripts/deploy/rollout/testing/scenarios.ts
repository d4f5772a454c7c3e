import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { FunctionName } from "../../../../shared/events/registry.ts";
import { hasUncommittedChanges, readCommit } from "../../../build/commit.ts";
import { listenOnLoopback } from "../../../common/free-port.ts";
import { type StubGoogleCloud, startStubGoogleCloud } from "../../../testing/google-cloud/google-cloud.ts";
import { type Service, toPlace, toShares, toTrafficCommand } from "../../cloud-run/service.ts";
import { printDryRun } from "../../deploy-dry-run.ts";
import { deployFunction, planFunction } from "../../deploy-function.ts";
import { readDeployOptions } from "../../deploy-options.ts";
import type { DeployChoices } from "../../function-settings.ts";
import { runGcloud } from "../../gcloud/gcloud.ts";
import { deployAllGradually, deployGradually } from "../deploy-gradually.ts";
import { findResumable } from "../resume.ts";
import { rollBack } from "../roll-back.ts";

const target = { project: "shop-prod", region: "europe-west1" };
const options = readDeployOptions(["--project", target.project, "--region", target.region]);
if (options.help) throw new Error("--help was not given");
const { choices } = options;
const [first, second] = ["commerce-00002-abc", "commerce-00004-abc"];

let cloud: StubGoogleCloud;

interface Run {
  readonly verify?: () => Promise<number>;
  /** Breaks it off at the first line that matches. */
  readonly breakAt?: RegExp;
  /** Of the command line. */
  readonly chosen?: Partial<DeployChoices>;
}

/** Deploys `commerce` gradually, without waits. @returns the outcome, what was reported, and who served after each change */
async function deploy({ verify = async () => 0, breakAt, chosen }: Run = {}) {
  const lines: string[] = [];
  const ending = new AbortController();
  cloud.requests.length = 0;
  const report = (line: string) => {
    lines.push(line);
    if (breakAt?.test(line)) ending.abort();
  };
  const all = { ...choices, ...chosen };
  const outcome = await deployGradually("commerce", all, { stepMs: 0, signal: ending.signal, report, verify });
  return { outcome, lines, last: lines.at(-1), uploads: cloud.requests.filter(({ api }) => api === "upload").length };
}

/** Who serves, by share. */
function shares(name = "commerce") {
  const service = cloud.run.services.get(name);
  return Object.fromEntries(service ? toShares(cloud.run.toService(target.project, name, service) as Service) : []);
}

/** What a person at another terminal does. */
const setVariable = (name: FunctionName, variable: string) =>
  runGcloud(["run", "services", "update", name, `--update-env-vars=${variable}`, ...toPlace(target)]);

/** The shares of the new revision in the order in which they were asked for. */
function sharesOf(revision: string): number[] {
  const asked = cloud.requests.filter(({ method, path }) => method === "PUT" && path.endsWith("/services/commerce"));
  return asked.map(({ body }) => {
    const { traffic } = (
      body as { spec: { traffic: { revisionName?: string; percent?: number; latestRevision?: boolean }[] } }
    ).spec;
    const of = traffic.filter(({ revisionName, latestRevision }) => revisionName === revision || latestRevision);
    return of.reduce((sum, { percent = 0 }) => sum + percent, 0);
  });
}

/** Logs bad answers and good ones. @returns what a verification that finds nothing ends with */
function logBad(count: number, revision: string): number {
  const timestamp = new Date(Date.now() + 600_000).toISOString();
  const resource = { type: "cloud_run_revision", labels: { service_name: "commerce", revision_name: revision } };
  const entry = { resource, timestamp, logName: "projects/shop-prod/logs/run.googleapis.com%2Frequests" };
  for (let index = 0; index < count; index += 1) cloud.logged.push({ ...entry, httpRequest: { status: 503 } });
  for (let index = 0; index < 300; index += 1) cloud.logged.push({ ...entry, httpRequest: { status: 202 } });
  return 0;
}

/**
 * Defines what a rollout does in each case. The test file has to mock `scripts/build/commit.ts`.
 *
 * @param open makes gcloud talk to the stub, and returns what undoes it
 * @param isSample whether one case of each kind is enough
 */
export function defineScenarios(
  open: (cloud: StubGoogleCloud) => Promise<() => Promise<void>>,
  isSample: boolean,
): void {
  const testInFull: (name: string, run: () => Promise<void>) => void = isSample ? () => {} : test;
  let close: () => Promise<void>;
  let snapshot: { service: unknown; function: [string, unknown] | undefined };
  beforeAll(async () => {
    cloud = await startStubGoogleCloud(target.project);
    for (const api of ["run", "cloudbuild", "artifactregistry"]) cloud.enabledApis.add(`${api}.googleapis.com`);
    close = await open(cloud);
    vi.mocked(readCommit).mockReturnValue("111111111111");
    await deployFunction(await planFunction("commerce", choices), choices, { report: () => {} });
    snapshot = structuredClone({
      service: cloud.run.services.get("commerce"),
      function: [...cloud.functions][0],
    });
  });
  beforeEach(() => {
    const { service, function: deployed } = structuredClone(snapshot);
    cloud.run.services.set("commerce", service as never);
    cloud.run.ignoresPins = false;
    cloud.functions.set(deployed?.[0] ?? "", deployed?.[1] as never);
    cloud.logged.length = 0;
    vi.mocked(readCommit).mockReturnValue("222222222222");
  });
  afterAll(async () => {
    expect(cloud.unknown).toEqual([]);
    await close?.();
    await cloud?.close();
  });

  test("a dry run prints the whole sequence, and changes nothing", async () => {
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    cloud.requests.length = 0;
    expect(await printDryRun(["commerce"], choices, { gradual: { stepMs: 0 }, rollback: undefined })).toBe(0);
    const printed = said.mock.calls.flat().filter((line) => !line.trim().startsWith("#"));
    const verbs = printed.map((line) => /--(to-\S+|update-tags\S+|cpu-boost)|functions deploy/.exec(line)?.[0]);
    expect(verbs.filter((verb) => verb !== undefined)).toEqual([
      `--to-revisions=${first}=100`,
      ...["functions deploy", "--cpu-boost", "--update-tags=candidate=NEW"],
      ...[`--to-revisions=NEW=10,${first}=90`, `--to-revisions=NEW=50,${first}=50`, "--to-latest"],
    ]);
    expect(printed.join()).not.toContain("--serve-all-traffic-latest-revision");
    expect(cloud.requests.filter(({ method }) => method === "PUT")).toEqual([]);
  });

  // The sample has this way in other cases.
  testInFull("verifies without traffic, then 10, 50 and all", async () => {
    const { outcome, last } = await deploy({
      verify: async () => {
        expect(shares()).toEqual({ [first]: 100 });
        return 0;
      },
    });
    expect([outcome, last]).toEqual([0, `serving now: ${second}`]);
    // The boost and the tag change no share.
    expect(sharesOf(second)).toEqual([0, 0, 0, 10, 50, 100]);
    expect(cloud.run.services.get("commerce")).toMatchObject({
      traffic: [{ latestRevision: true, percent: 100 }],
      template: { metadata: { labels: { commit: "222222222222" } } },
    });
  });

  test.each(isSample ? ([1] as const) : ([1, 2] as const))(
    "a verification that ends with %i at the tag: no traffic, and the outcome is the same",
    async (code) => {
      const { outcome, last } = await deploy({ verify: async () => code });
      expect([outcome, last, shares()]).toEqual([code, `serving now: ${first}`, { [first]: 100 }]);
      expect(Math.max(...sharesOf(second))).toBe(0);
      expect(cloud.run.services.get("commerce")?.traffic.some(({ tag }) => tag !== undefined)).toBe(false);
    },
  );

  test("a burn at 10 % sends it back", async () => {
    const burn = await deploy({ verify: async () => logBad(10, second) });
    expect([burn.outcome, burn.last, shares()]).toEqual([1, `serving now: ${first}`, { [first]: 100 }]);
    expect(burn.lines).toContain(
      `GOING BACK: ${second} burns at 10 %: 10 answers that are 429 or 5xx, of 310 answers; all traffic to ${first}`,
    );
    expect(Math.max(...sharesOf(second))).toBe(10);
  });

  testInFull("nine bad answers decide nothing", async () => {
    const { outcome } = await deploy({ verify: async () => logBad(9, second) });
    expect(outcome).toBe(0);
  });

  testInFull("a log that cannot be read: no traffic, and 2", async () => {
    cloud.refuse = ({ path }) =>
      path === "v2/entries:list"
        ? "Permission 'logging.logEntries.list' denied on resource (or it may not exist)."
        : undefined;
    onTestFinished(() => {
      cloud.refuse = () => undefined;
    });
    const { outcome, lines } = await deploy();
    expect([outcome, shares()]).toEqual([2, { [first]: 100 }]);
    expect(lines.join()).toContain("permission logging.logEntries.list is missing");
  });

  testInFull("a new revision that gets traffic in spite of the pin loses it", async () => {
    cloud.run.ignoresPins = true;
    const { outcome, last } = await deploy();
    expect([outcome, last, shares()]).toEqual([1, `serving now: ${first}`, { [first]: 100 }]);
  });

  const breaks = [
    ["at 10 %", /gets 50 %/, 0],
    ["before the deployment", /^keeping all traffic/, 1],
    ["during the build", /^uploading and building/, 1],
    ["before the tag", /^trying /, 0],
    ["before 10 %", /gets 10 %/, 0],
    ["before it gets all", /gets all traffic/, 0],
  ] as const;
  test.each(isSample ? breaks.slice(0, 1) : breaks)(
    "broken off %s it says what serves, and a second run goes on",
    async (_, breakAt, uploads) => {
      const broken = await deploy({ breakAt });
      expect(broken.outcome).toBe(130);
      expect(broken.last).toMatch(
        /^serving now: (\S+; the same command goes on|.* %; .* goes on, --rollback goes back)$/,
      );
      expect(Object.values(shares()).reduce((sum, share) => sum + share, 0)).toBe(100);
      const again = await deploy();
      expect([again.outcome, again.uploads, Object.values(shares())]).toEqual([0, uploads, [100]]);
      expect(cloud.run.services.get("commerce")?.template.metadata?.labels).toMatchObject({ commit: "222222222222" });
    },
  );

  testInFull("broken off at 10 %, a second run of another commit, or with changes, goes back first", async () => {
    await deploy({ breakAt: /gets 50 %/ });
    expect(shares()).toEqual({ [first]: 90, [second]: 10 });
    vi.mocked(hasUncommittedChanges).mockReturnValueOnce(true);
    const { outcome, lines } = await deploy({ verify: async () => 1 });
    expect(lines[0]).toBe(`found: ${first} 90 %, ${second} 10 %`);
    expect(lines).toContain(`keeping all traffic on ${first}`);
    expect([outcome, shares()]).toEqual([1, { [first]: 100 }]);
  });

  testInFull("broken off before its invokers are let in, a second run lets them in", async () => {
    const chosen = { invokers: ["group:shop@example.com"] };
    expect((await deploy({ breakAt: /^letting /, chosen })).outcome).toBe(130);
    const { outcome, uploads, lines } = await deploy({ chosen });
    expect([outcome, uploads]).toEqual([0, 0]);
    expect(lines.slice(0, 3)).toEqual([
      `found: ${first}`,
      `${second} is of this commit, and has 0 % of the traffic: going on with it`,
      "letting group:shop@example.com call it",
    ]);
  });

  testInFull("a second run with other options, or with some that cannot be read back, deploys anew", async () => {
    for (const chosen of [
      { ingress: "internal-only" },
      { extra: ["--docker-repository=projects/p/locations/europe-west1/repositories/r"] },
    ] as const) {
      await deploy({ breakAt: /^trying / });
      const { outcome, uploads, lines } = await deploy({ chosen, verify: async () => 1 });
      expect([outcome, uploads], lines.join("\n")).toEqual([1, 1]);
    }
  });

  testInFull("what does not become ready is not gone on with", async () => {
    await deploy({ breakAt: /^trying / });
    const planned = await planFunction("commerce", choices);
    expect(findResumable(planned, choices, () => {})).toBe(second);
    const status = { ...planned.service?.status, latestReadyRevisionName: first };
    expect(findResumable({ ...planned, service: { ...planned.service, status } }, choices, () => {})).toBeUndefined();
  });

  testInFull("what somebody else makes meanwhile is not taken for its own, and goes on serving", async () => {
    const verify = async () => {
      await setVariable("commerce", "PAYLOAD_CHECKS=report");
      await runGcloud(toTrafficCommand("commerce", target, "--to-revisions=commerce-00005-abc=100"));
      return 0;
    };
    const { outcome, lines } = await deploy({ verify });
    expect([outcome, shares()]).toEqual([1, { "commerce-00005-abc": 100 }]);
    expect(lines.slice(-2)).toEqual([
      "STOPPING: commerce-00005-abc was made meanwhile, and not by this run",
      "serving now: commerce-00005-abc",
    ]);
  });

  testInFull(
    "several: the one that goes back stops the next; what is switched before a function's turn stays",
    async () => {
      vi.mocked(readCommit).mockReturnValue("111111111111");
      await deployFunction(await planFunction("system", choices), choices, { report: () => {} });
      onTestFinished(() => void cloud.run.services.delete("system"));
      vi.mocked(readCommit).mockReturnValue("222222222222");
      const said = vi.spyOn(console, "error").mockImplementation(() => {});
      const deployBoth = (...codes: readonly number[]) => {
        const left = [...codes];
        const verify = async () => {
          if (left.length === 2) await setVariable("system", "PAYLOAD_CHECKS=off");
          return left.shift() ?? 0;
        };
        const options = { stepMs: 0, signal: new AbortController().signal, verify };
        return deployAllGradually(["commerce", "system"], choices, options, () => () => {});
      };
      expect(await deployBoth(1)).toBe(1);
      expect(said.mock.calls).toEqual([["not tried: system"]]);
      expect(cloud.run.services.get("system")?.revisions).toHaveLength(2);
      expect(await deployBoth(0, 1)).toBe(1);
      expect(said.mock.calls).toHaveLength(1);
      expect([Object.values(shares()), shares("system")]).toEqual([[100], { "system-00003-abc": 100 }]);
      expect(cloud.run.services.get("system")?.template.spec?.containers?.[0]?.env).toContainEqual({
        name: "PAYLOAD_CHECKS",
        value: "off",
      });
    },
  );

  testInFull("a plain deployment serves at once, also after a rollback has pinned the traffic", async () => {
    expect((await deploy()).outcome).toBe(0);
    vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await rollBack(["commerce"], target, { isSure: true })).toBe(0);
    expect(shares()).toEqual({ [first]: 100 });
    await deployFunction(await planFunction("commerce", choices), choices, { report: () => {} });
    expect(Object.keys(shares())).not.toContain(first);
  });

  test("a rollback to another contract needs a yes; both are asked for under the tag before", async () => {
    expect((await deploy()).outcome).toBe(0);
    const toHealth = async (contract: string) => {
      const server = createServer((_, response) => response.end(JSON.stringify({ contract })));
      onTestFinished(() => void server.close());
      return `http://127.0.0.1:${await listenOnLoopback(server)}`;
    };
    cloud.urls.set("commerce", await toHealth("aaaaaaaaaaaaaaaa"));
    cloud.urls.set("back---commerce", await toHealth("bbbbbbbbbbbbbbbb"));
    onTestFinished(() => cloud.urls.clear());
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    const refused = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await rollBack(["commerce"], target, { isSure: false })).toBe(2);
    expect(said.mock.lastCall).toEqual([
      `commerce: ${second} has the contract aaaaaaaaaaaaaaaa, ${first} has bbbbbbbbbbbbbbbb`,
    ]);
    expect(refused.mock.lastCall?.[0]).toContain("if that is meant, add --yes");
    expect(shares()).toEqual({ [second]: 100 });
    expect(await rollBack(["commerce"], target, { isSure: true })).toBe(0);
    expect(said.mock.lastCall).toEqual([`commerce serves ${first}`]);
    expect(cloud.run.services.get("commerce")?.traffic).toEqual([{ revisionName: first, percent: 100 }]);
  });

  testInFull("a rollback at 10 % goes to what serves the rest, not to what was left before", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect((await deploy()).outcome).toBe(0);
    expect(await rollBack(["commerce"], target, { isSure: true })).toBe(0);
    vi.mocked(readCommit).mockReturnValue("333333333333");
    await deploy({ breakAt: /gets 50 %/ });
    expect(shares()).toEqual({ [first]: 90, "commerce-00006-abc": 10 });
    expect(await rollBack(["commerce"], target, { isSure: true })).toBe(0);
    expect(cloud.run.services.get("commerce")?.traffic).toEqual([{ revisionName: first, percent: 100 }]);
    expect(await rollBack(["commerce"], target, { isSure: true })).toBe(1);
    expect(shares()).toEqual({ [first]: 100 });
  });
}
