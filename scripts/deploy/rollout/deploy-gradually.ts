import { setTimeout as sleep } from "node:timers/promises";
import type { FunctionName } from "../../../shared/events/registry.ts";
import { describeShares, readService, type Service, toShares, toTrafficCommand } from "../cloud-run/service.ts";
import { addInvokers, deployFunction, type Planned, planFunction } from "../deploy-function.ts";
import type { DeployChoices } from "../function-settings.ts";
import { explainFailure } from "../gcloud/explain-failure.ts";
import { runGcloud } from "../gcloud/gcloud.ts";
import { runVerification } from "../verify/run-verification.ts";
import { findBurn } from "./error-rate.ts";
import { candidateTag, findNewest, type Step, toNextStep } from "./next-step.ts";
import { findResumable } from "./resume.ts";

/** How a gradual deployment ends: all traffic is on the new revision; it was sent back; it could not be judged; Ctrl-C. */
export type Outcome = 0 | 1 | 2 | 130;

interface Options {
  readonly stepMs: number;
  /** A service account that may call the functions, where the deployer may not. */
  readonly account?: string | undefined;
  /** Breaks it off. */
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
  /** Stands in for the whole verification in tests of the steps. */
  readonly verify?: () => Promise<number>;
}

/** How often the log is looked at while a share is watched. */
const lookMs = 60_000;

/**
 * Deploys functions one after the other: one that goes back, or is broken off, keeps the next ones as they are.
 *
 * @param toReport takes the lines about one function
 */
export async function deployAllGradually(
  names: readonly FunctionName[],
  choices: DeployChoices,
  options: Omit<Options, "report">,
  toReport: (name: FunctionName) => Options["report"],
): Promise<Outcome> {
  for (const [index, name] of names.entries()) {
    const outcome = await deployGradually(name, choices, { ...options, report: toReport(name) });
    if (outcome === 0) continue;
    const rest = names.slice(index + 1);
    if (rest.length > 0) console.error(`not tried: ${rest.join(", ")}`);
    return outcome;
  }
  return 0;
}

/**
 * Deploys one function step by step, each decided from what Cloud Run says, and says in the end which revision serves.
 *
 * @returns the exit code; whatever fails is reported and not thrown
 */
export async function deployGradually(name: FunctionName, choices: DeployChoices, options: Options): Promise<Outcome> {
  const { report, signal } = options;
  let outcome: Outcome;
  try {
    // Not before its turn: what is set by npm run switch until then stays.
    outcome = await new Rollout(await planFunction(name, choices), choices, options).run();
  } catch (error) {
    outcome = signal.aborted ? 130 : 1;
    report(signal.aborted ? "interrupted" : `FAILED: ${await explainFailure(error, choices.target)}`);
  }
  const service = await readService(name, choices.target).catch(() => undefined);
  const isShared = service !== undefined && toShares(service).size > 1;
  const way = `${isShared || outcome === 130 ? "; the same command goes on" : ""}${isShared ? ", --rollback goes back" : ""}`;
  report(`serving now: ${service === undefined ? "unknown, as it cannot be read" : describeShares(service)}${way}`);
  return outcome;
}

class Rollout {
  readonly #planned: Planned;
  readonly #choices: DeployChoices;
  readonly #options: Options;
  /** What served when this run deployed. */
  #stable: string | undefined;
  /** What this run tries: it made it, or an interrupted one of the same did. */
  #revision: string | undefined;
  #isVerified = false;
  #watchedShare = 0;

  constructor(planned: Planned, choices: DeployChoices, options: Options) {
    [this.#planned, this.#choices, this.#options] = [planned, choices, options];
  }

  async run(): Promise<Outcome> {
    const { report, signal } = this.#options;
    report(`found: ${describeShares(this.#planned.service)}`);
    this.#revision = findResumable(this.#planned, this.#choices, report);
    if (this.#revision !== undefined) await addInvokers(this.#planned, this.#choices, { report, signal });
    for (;;) {
      signal.throwIfAborted();
      const service = await readService(this.#planned.name, this.#choices.target);
      if (service !== undefined && this.#stable !== undefined) this.#revision ??= findNewest(service);
      const step = toNextStep(service, {
        ...{ revision: this.#revision, isVerified: this.#isVerified },
        ...{ watchedShare: this.#watchedShare, stable: this.#stable },
      });
      const outcome = await this.#take(step, service);
      if (outcome !== undefined) return outcome;
    }
  }

  /** @returns the outcome where that was the last step */
  async #take(step: Step, service: Service | undefined): Promise<Outcome | undefined> {
    const { report, stepMs } = this.#options;
    switch (step.kind) {
      case "deploy plainly":
        report("nothing serves yet: deploying it plainly");
        await this.#deploy([]);
        return 0;
      case "pin":
        report(`keeping all traffic on ${step.stable}`);
        await this.#shift(`--to-revisions=${step.stable}=100`);
        return undefined;
      case "deploy":
        await this.#deploy(["--serve-all-traffic-latest-revision"]);
        this.#stable = step.stable;
        return undefined;
      case "restore":
        return this.#goBack(step.stable, 1, "the new revision got traffic by itself, in spite of the pin");
      case "overtaken":
        return this.#stop(step.stable, `${step.revision} was made meanwhile, and not by this run`, service);
      case "tag":
        // The platform has made it, but does it start?
        if (service?.status?.latestReadyRevisionName !== step.revision) {
          return this.#goBack(step.stable, 1, `${step.revision} does not become ready`);
        }
        report(`trying ${step.revision} under the tag ${candidateTag}, without traffic`);
        await this.#shift(`--update-tags=${candidateTag}=${step.revision}`);
        return undefined;
      case "verify":
        return this.#verify(step.stable, step.revision);
      case "watch":
        return this.#watch(step.stable, step.revision, step.share);
      case "shift":
        if (step.share === 100) {
          report(`${step.revision} gets all traffic`);
          await this.#shift("--to-latest", `--remove-tags=${candidateTag}`);
          return undefined;
        }
        report(`${step.revision} gets ${step.share} %, and is watched for ${stepMs / 60_000} minutes`);
        await this.#shift(`--to-revisions=${step.revision}=${step.share},${step.stable}=${100 - step.share}`);
        return undefined;
      case "done":
        return 0;
    }
  }

  #deploy(without: readonly string[]): Promise<unknown> {
    const { report, signal } = this.#options;
    return deployFunction(this.#planned, this.#choices, { report, signal, without });
  }

  async #verify(stable: string, revision: string): Promise<Outcome | undefined> {
    const { target } = this.#choices;
    const { account, signal, verify } = this.#options;
    const { name } = this.#planned;
    // What cannot be watched later shall get no traffic now.
    try {
      await findBurn({ name, target, revision, since: new Date(), signal });
    } catch (error) {
      signal.throwIfAborted();
      return this.#goBack(stable, 2, `the log cannot be read: ${await explainFailure(error, target)}`);
    }
    const where = { kind: "cloud", target, account, tag: candidateTag } as const;
    const code = await (verify?.() ?? runVerification(where, [name], { signal }));
    signal.throwIfAborted();
    if (code === 1) return this.#goBack(stable, 1, `${revision} breaks a promise`);
    if (code !== 0) return this.#goBack(stable, 2, `${revision} could not be verified`);
    this.#isVerified = true;
    return undefined;
  }

  async #watch(stable: string, revision: string, share: number): Promise<Outcome | undefined> {
    const { stepMs, signal } = this.#options;
    const { target } = this.#choices;
    const [since, end] = [new Date(), Date.now() + stepMs];
    do {
      await sleep(Math.min(lookMs, Math.max(0, end - Date.now())), undefined, { signal });
      let burn: string | undefined;
      try {
        burn = await findBurn({ name: this.#planned.name, target, revision, since, signal });
      } catch (error) {
        signal.throwIfAborted();
        return this.#goBack(stable, 2, `the log cannot be read: ${await explainFailure(error, target)}`);
      }
      if (burn !== undefined) return this.#goBack(stable, 1, `${revision} burns at ${share} %: ${burn}`);
    } while (Date.now() < end);
    this.#watchedShare = share;
    return undefined;
  }

  /** Somebody else is at work here: what they serve stays. */
  async #stop(stable: string, reason: string, service: Service | undefined): Promise<Outcome> {
    if (service !== undefined && toShares(service).has(stable)) return this.#goBack(stable, 1, reason);
    this.#options.report(`STOPPING: ${reason}`);
    return 1;
  }

  async #goBack(stable: string, outcome: 1 | 2, reason: string): Promise<Outcome> {
    this.#options.report(`GOING BACK: ${reason}; all traffic to ${stable}`);
    const service = await readService(this.#planned.name, this.#choices.target);
    const isTagged = service?.status?.traffic?.some(({ tag }) => tag === candidateTag);
    await this.#shift(`--to-revisions=${stable}=100`, ...(isTagged ? [`--remove-tags=${candidateTag}`] : []));
    return outcome;
  }

  async #shift(...flags: readonly string[]): Promise<void> {
    const { signal } = this.#options;
    await runGcloud(toTrafficCommand(this.#planned.name, this.#choices.target, ...flags), { signal });
  }
}
