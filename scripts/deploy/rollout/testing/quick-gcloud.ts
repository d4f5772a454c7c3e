import { vi } from "vitest";
import type { StubGoogleCloud } from "../../../testing/google-cloud/google-cloud.ts";
import { GcloudError, readGcloud, runGcloud } from "../../gcloud/gcloud.ts";

// biome-ignore lint/suspicious/noExplicitAny: what the API answers, of which the commands below know their parts
type Json = Record<string, any>;

/**
 * Answers the few gcloud commands of a rollout in this process, by the stub's own APIs: for many cases at once. The same cases
 * run with gcloud itself in `*.slow.test.ts`. The test file has to mock `gcloud.ts`.
 */
export function useQuickGcloud(cloud: StubGoogleCloud): void {
  const quick = createQuickGcloud(cloud);
  vi.mocked(runGcloud).mockImplementation(quick);
  vi.mocked(readGcloud).mockImplementation(async (args) => {
    try {
      return JSON.parse(await quick(args));
    } catch (error) {
      if (error instanceof GcloudError && error.stderr.includes("Cannot find")) return undefined;
      throw error;
    }
  });
}

function createQuickGcloud(cloud: StubGoogleCloud) {
  return async (args: readonly string[], { signal }: { signal?: AbortSignal | undefined } = {}): Promise<string> => {
    signal?.throwIfAborted();
    const flags = new Map(
      args.filter((arg) => arg.startsWith("--")).map((arg) => arg.slice(2).split(/=(.*)/s) as [string, string]),
    );
    const words = args.filter((arg) => !arg.startsWith("--"));
    const command = words.slice(0, args[0] === "run" ? 3 : 2).join(" ");
    const name = words.at(-1) ?? "";
    const call = async (path: string, method = "GET", body?: Json): Promise<Json> => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${cloud.baseUrl}/${path}`, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as Json;
      if (response.status === 404) throw new GcloudError(args, `ERROR: (gcloud) Cannot find service [${name}]`);
      if (!response.ok) throw new GcloudError(args, `ERROR: (gcloud) ${answer.error.status}: ${answer.error.message}`);
      return answer;
    };
    const service = `run/apis/serving.knative.dev/v1/namespaces/p/services/${name}`;
    switch (command) {
      case "run services describe":
        return JSON.stringify(await call(service));
      case "run services get-iam-policy":
        return "{}";
      case "run revisions list": {
        const selector = encodeURIComponent(`serving.knative.dev/service=${flags.get("service")}`);
        const { items } = await call(
          `run/apis/serving.knative.dev/v1/namespaces/p/revisions?labelSelector=${selector}`,
        );
        return JSON.stringify(items);
      }
      case "run services update-traffic": {
        const found = await call(service);
        found.spec.traffic = toTraffic(found.spec.traffic, flags);
        await call(service, "PUT", found);
        return "";
      }
      case "run services update": {
        const found = await call(service);
        changeTemplate(found.spec.template, flags);
        await call(service, "PUT", found);
        return "";
      }
      case "functions deploy":
        cloud.requests.push({ api: "upload", method: "PUT", path: name, query: {}, body: undefined });
        cloud.run.deploy(name, {
          environmentVariables: toEntries(flags.get("set-env-vars")),
          minInstanceCount: Number(flags.get("min-instances")),
          maxInstanceCount: Number(flags.get("max-instances")),
          maxInstanceRequestConcurrency: Number(flags.get("concurrency")),
          allTrafficOnLatestRevision: flags.has("serve-all-traffic-latest-revision"),
        });
        return "https://url";
      case "logging read": {
        const request = { filter: words[2], orderBy: "timestamp desc", pageSize: Number(flags.get("limit")) };
        const { entries } = await call("logging/v2/entries:list", "POST", request);
        return (entries as Json[]).map(({ timestamp }) => timestamp).join("\n");
      }
      default:
        return "";
    }
  };
}

function toEntries(list = ""): Record<string, string> {
  return Object.fromEntries(
    list
      .split(",")
      .filter(Boolean)
      .map((entry) => entry.split(/=(.*)/s) as [string, string]),
  );
}

function toTraffic(before: Json[], flags: ReadonlyMap<string, string>): Json[] {
  const removed = (flags.get("remove-tags") ?? "").split(",");
  const updated = toEntries(flags.get("update-tags"));
  const tags = before.filter(({ tag }) => tag !== undefined && !removed.includes(tag) && !(tag in updated));
  const withTags = [
    ...tags.map(({ tag, revisionName }) => ({ tag, revisionName })),
    ...Object.entries(updated).map(([tag, revisionName]) => ({ tag, revisionName })),
  ];
  if (flags.has("to-latest")) return [{ latestRevision: true, percent: 100 }, ...withTags];
  const shares = Object.entries(toEntries(flags.get("to-revisions")));
  if (shares.length > 0)
    return [...shares.map(([revisionName, percent]) => ({ revisionName, percent: Number(percent) })), ...withTags];
  return [...before.filter(({ percent }) => percent > 0).map(({ tag: _, ...share }) => share), ...withTags];
}

function changeTemplate({ metadata, spec }: Json, flags: ReadonlyMap<string, string>): void {
  if (flags.has("cpu-boost")) metadata.annotations["run.googleapis.com/startup-cpu-boost"] = "True";
  metadata.labels = { ...metadata.labels, ...toEntries(flags.get("update-labels")) };
  delete metadata.labels[flags.get("remove-labels") ?? ""];
  const [container] = spec.containers;
  const variables = Object.fromEntries(container.env.map(({ name, value }: Json) => [name, value]));
  const changed = {
    ...(flags.has("set-env-vars") ? toEntries(flags.get("set-env-vars")) : variables),
    ...toEntries(flags.get("update-env-vars")),
  };
  delete changed[flags.get("remove-env-vars") ?? ""];
  container.env = Object.entries(changed).map(([name, value]) => ({ name, value }));
  for (const [flag, annotation] of Object.entries({ "min-instances": "minScale", "max-instances": "maxScale" })) {
    if (flags.has(flag)) metadata.annotations[`autoscaling.knative.dev/${annotation}`] = flags.get(flag);
  }
  if (flags.has("image")) container.image = flags.get("image");
}
