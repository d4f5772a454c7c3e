import { type FunctionName, functionNames } from "../../shared/events/registry.ts";

/** What all functions are deployed with, in gcloud's own words. */
export const commonSettings = {
  runtime: "nodejs24",
  cpu: "1",
  memory: "512Mi",
  // The platform's default is 1, which would start an instance for every request that overlaps another.
  concurrency: 80,
  // The publish budget is 10 s; the rest is room for a cold start and a slow upload.
  timeout: "30s",
} as const;

interface FunctionSettings {
  /** Instances that are kept warm; each is billed while idle. */
  readonly minInstances: number;
  /** The ceiling on cost, and on load that reaches Pub/Sub. */
  readonly maxInstances: number;
  /** Environment variables of this function alone, beside those that every function gets. No commas in values. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A function that says nothing of its own may start cold, and is bounded. */
const otherwise: FunctionSettings = { minInstances: 0, maxInstances: 20, environment: { LOG_LEVEL: "info" } };

const own: Readonly<Partial<Record<FunctionName, FunctionSettings>>> = {
  // A line for each accepted page view would cost more to store than the event costs to publish.
  "user-actions": { minInstances: 1, maxInstances: 100, environment: { LOG_LEVEL: "warning" } },
  // Shoppers wait for these: no cold start.
  commerce: { minInstances: 1, maxInstances: 50, environment: { LOG_LEVEL: "info" } },
  // Machines call this one and retry: it may start cold.
  system: { minInstances: 0, maxInstances: 20, environment: { LOG_LEVEL: "info" } },
};

/** What differs from function to function. */
export const functionSettings = Object.fromEntries(
  functionNames.map((name) => [name, own[name] ?? otherwise]),
) as Readonly<Record<FunctionName, FunctionSettings>>;
