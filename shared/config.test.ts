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
      CALLER_IDENTITY: "none",
      PUBSUB_EMULATOR_HOST: undefined,
      PUBSUB_ENDPOINT: undefined,
    });
  });

  it("takes the project from GOOGLE_CLOUD_PROJECT where there is no other", () => {
    expect(readConfig({ GOOGLE_CLOUD_PROJECT: "b" }).GCP_PROJECT_ID).toBe("b");
    expect(readConfig({ GCP_PROJECT_ID: "", GOOGLE_CLOUD_PROJECT: "b" }).GCP_PROJECT_ID).toBe("b");
    expect(readConfig({ ...project, GOOGLE_CLOUD_PROJECT: "b" }).GCP_PROJECT_ID).toBe("demo");
  });

  it.each([
    ["localhost:8085", "localhost", 8085],
    ["pubsub.internal.:8085", "pubsub.internal.", 8085],
    ["pubsub_emulator:1", "pubsub_emulator", 1],
    ["127.0.0.1:65535", "127.0.0.1", 65535],
    ["[::1]:8085", "[::1]", 8085],
    ["[::ffff:127.0.0.1]:8085", "[::ffff:127.0.0.1]", 8085],
  ])("reads the address %s", (text, hostname, port) => {
    const config = readConfig({ ...project, PUBSUB_EMULATOR_HOST: text, PUBSUB_ENDPOINT: text });
    expect(config).toMatchObject({ PUBSUB_EMULATOR_HOST: { hostname, port }, PUBSUB_ENDPOINT: { hostname, port } });
  });

  it.each([
    ["http://localhost:8085/", "localhost"],
    ["http://[::1]:8085", "[::1]"],
  ])("reads an emulator's URL %s, and that of an endpoint with TLS", (url, hostname) => {
    const urls = { PUBSUB_EMULATOR_HOST: url, PUBSUB_ENDPOINT: url.replace("http", "https") };
    const config = readConfig({ ...project, ...urls });
    expect([config.PUBSUB_EMULATOR_HOST, config.PUBSUB_ENDPOINT]).toEqual(Array(2).fill({ hostname, port: 8085 }));
  });

  it.each([
    "..:1",
    "a..b:1",
    "-a:1",
    "a-:1",
    "a.-:1",
    ".a:1",
    "999.1.1.1:1",
    "1.2.3:1",
    "1.2.3.4.5:1",
    `${"a".repeat(64)}:1`,
  ])("takes no host %s", (text) => {
    for (const name of ["PUBSUB_EMULATOR_HOST", "PUBSUB_ENDPOINT"]) {
      expect(() => readConfig({ ...project, [name]: text })).toThrow(name);
    }
  });

  it("takes port 443 for an endpoint that names none", () => {
    expect(readConfig({ ...project, PUBSUB_ENDPOINT: "europe-west1-pubsub.googleapis.com" }).PUBSUB_ENDPOINT).toEqual({
      hostname: "europe-west1-pubsub.googleapis.com",
      port: 443,
    });
  });

  it.each([
    ["18.20.8", true],
    ["20.11.1", true],
    ["21.7.3", true],
    ["20.12.0", false],
    ["20.20.2", false],
    ["22.12.0", false],
    ["24.21.0", false],
    ["26.0.0", false],
  ])("is refused on Node %s: %s", (version, isRefused) => {
    const read = () => readConfig(project, version);
    if (isRefused)
      expect(read).toThrow(new ConfigError(`Node ${version} is not supported; use Node 20.12 or later, 22 or 24.`));
    else expect(read).not.toThrow();
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ["GCP_PROJECT_ID", { GCP_PROJECT_ID: undefined }, /is not set; allowed is the id of a Google Cloud project/],
    ["GCP_PROJECT_ID", { GCP_PROJECT_ID: "a/b" }, /"a\/b"/],
    ["GCP_PROJECT_ID", { GCP_PROJECT_ID: "a/b", GOOGLE_CLOUD_PROJECT: "b" }, /"a\/b"/],
    ["GOOGLE_CLOUD_PROJECT", { GCP_PROJECT_ID: "", GOOGLE_CLOUD_PROJECT: "b c" }, /"b c"; allowed is the id of a/],
    ["LOG_LEVEL", { LOG_LEVEL: "verbose" }, /debug, info, warning, error/],
    ["PUBLISH_TIMEOUT_MS", { PUBLISH_TIMEOUT_MS: "10s" }, /"10s".*milliseconds/],
    ["PUBLISH_TIMEOUT_MS", { PUBLISH_TIMEOUT_MS: "0" }, /100 to 60000/],
    ["PUBLISH_TIMEOUT_MS", { PUBLISH_TIMEOUT_MS: "1e4" }, /"1e4"/],
    ["MAX_IN_FLIGHT", { MAX_IN_FLIGHT: "-1" }, /"-1"/],
    ["MAX_IN_FLIGHT", { MAX_IN_FLIGHT: "1.5" }, /"1.5"/],
    ["ORDERING_KEY_SHARDS", { ORDERING_KEY_SHARDS: "x" }, /0 \(off\)/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "a b" }, /host:port/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "localhost" }, /"localhost".*host:port/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "localhost:99999" }, /from 1 to 65535/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "localhost:0" }, /"localhost:0"/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "::1:8085" }, /in brackets/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "[::1]" }, /in brackets/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "[::g]:8085" }, /in brackets/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "[1:2]:8085" }, /in brackets/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "http://" }, /host:port/],
    ["PUBSUB_ENDPOINT", { PUBSUB_ENDPOINT: "localhost:70000" }, /"localhost:70000".*1 to 65535/],
    ["PUBSUB_ENDPOINT", { PUBSUB_ENDPOINT: "http://x/y" }, /host:port/],
    ["PUBSUB_ENDPOINT", { PUBSUB_ENDPOINT: "http://localhost:8085" }, /"http:.*TLS/],
    ["PUBSUB_EMULATOR_HOST", { PUBSUB_EMULATOR_HOST: "https://localhost:8085" }, /"https:.*http:\/\/host:port/],
    ["PAYLOAD_CHECKS", { PAYLOAD_CHECKS: "enforce" }, /registry, report, off/],
    ["CALLER_IDENTITY", { CALLER_IDENTITY: "IAM" }, /none, iam, local/],
    ["CALLER_IDENTITY", { CALLER_IDENTITY: "local", K_SERVICE: "commerce" }, /local \(not where K_SERVICE is set\)/],
    ["ENVIRONMENT", { ENVIRONMENT: "a\nb" }, /1 to 63/],
  ])("names %s, its fault and what is allowed, in one line", (name, env, text) => {
    expect(() => readConfig({ ...project, ...env })).toThrow(ConfigError);
    expect(() => readConfig({ ...project, ...env })).toThrow(text);
    expect(() => readConfig({ ...project, ...env })).toThrow(new RegExp(`^${name} [^\\n]*$`));
  });
});
