import { type FunctionName, functionNames } from "../../shared/events/registry.ts";

/** What all functions are deployed with, in gcloud's own words. */
export const commonSettings = {
  runtime: "nodejs24",
  cpu: "1",
  memory: "512Mi",
  // The publish budget is 10 s; the rest is room for a cold start and a slow upload.
  timeout: "30s",
} as const;

/** What may differ from function to function, and from one environment to another. */
export interface FunctionSettings {
  /** Instances that are kept warm; each is billed while idle. */
  readonly minInstances: number;
  /** The ceiling on cost, and on load that reaches Pub/Sub. */
  readonly maxInstances: number;
  /** Requests that one instance takes at once. */
  readonly concurrency: number;
  /** `LOG_LEVEL` of the function. */
  readonly logLevel: string;
}

// The platform's own concurrency is 1, which would start an instance for every request that overlaps another.
// A new project's quota is often 20 vCPU a region: most instances are few enough to be deployed there.
const otherwise: FunctionSettings = { minInstances: 0, maxInstances: 5, concurrency: 80, logLevel: "info" };

const own: Readonly<Partial<Record<FunctionName, Partial<FunctionSettings>>>> = {
  // A line for each accepted page view would cost more to store than the event costs to publish.
  "user-actions": { minInstances: 1, maxInstances: 10, logLevel: "warning" },
  // Shoppers wait for these: no cold start.
  commerce: { minInstances: 1, maxInstances: 10 },
  // Machines call this one and retry: it may start cold.
  system: {},
};

/** What a function is first deployed with; afterwards what is deployed stays, unless an option or `--settings` names it. */
export const functionSettings = Object.fromEntries(
  functionNames.map((name) => [name, { ...otherwise, ...own[name] }]),
) as Readonly<Record<FunctionName, FunctionSettings>>;
