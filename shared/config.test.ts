import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

const project = { GCP_PROJECT_ID: "demo" };

describe("readConfig", () => {
  it("has the contract's defaults", () => {
    expect(readConfig(project)).toMatchObject({
      GCP_PROJECT_ID: "demo",
      ENVIRONMENT: "dev",
      LOG_LEVEL: "info",
      PUBLISH_TIMEOUT_MS: 10_000,
      ORDERING_KEY_SHARDS: 0,
      PAYLOAD_CHECKS: "registry",
      PUBSUB_EMULATOR_HOST: undefined,
      PUBSUB_ENDPOINT: undefined,
    });
  });

  it("takes the project from GOOGLE_CLOUD_PROJECT where there is no other", () => {
    expect(readConfig({ GOOGLE_CLOUD_PROJECT: "b" }).GCP_PROJECT_ID).toBe("b");
    expect(readConfig({ GCP_PROJECT_ID: "", GOOGLE_CLOUD_PROJECT: "b" }).GCP_PROJECT_ID).toBe("b");
    expect(readConfig({ ...project, GOOGLE_CLOUD_PROJECT: "b" }).GCP_PROJECT_ID).toBe("demo");
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ["GCP_PROJECT_ID", { GCP_PROJECT_ID: undefined }, /is not set; allowed is the id of a Google Cloud project/],
    ["GCP_PROJECT_ID", { GCP_PROJECT_ID: "a/b" }, /"a\/b"/],
    ["LOG_LEVEL", { LOG_LEVEL: "verbose" }, /debug, info, warning, error/],
    ["PUBLISH_TIMEOUT_MS", { PUBLISH_TIMEOUT_MS: "10s" }, /"10s".*milliseconds/],
    ["PUBLISH_TIMEOUT_MS", { PUBLISH_TIMEOUT_MS: "0" }, /100 to 60000/],
    ["PUBLISH_TIMEOUT_MS", { PUBLISH_TIMEOUT_MS: "1e4" }, /"1e4"/],
    ["MAX_IN_FLIGHT", { MAX_IN_FLIGHT: "-1" }, /"-1"/],
    ["MAX_IN_FLIGHT", { MAX_IN_FLIGHT: "1.5" }, /"1.5"/],
    ["ORDERING_KEY_SHARDS", { ORDERING_KEY_SHARDS: "x" }, /0 \(off\)/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "a b" }, /host:port/],
    ["PUBSUB_ENDPOINT", { PUBSUB_ENDPOINT: "http://x/y" }, /host:port/],
    ["PAYLOAD_CHECKS", { PAYLOAD_CHECKS: "enforce" }, /registry, report, off/],
    ["ENVIRONMENT", { ENVIRONMENT: "a\nb" }, /1 to 63/],
  ])("names %s, its fault and what is allowed, in one line", (name, env, text) => {
    expect(() => readConfig({ ...project, ...env })).toThrow(ConfigError);
    expect(() => readConfig({ ...project, ...env })).toThrow(text);
    expect(() => readConfig({ ...project, ...env })).toThrow(new RegExp(`^${name} [^\\n]*$`));
  });
});
