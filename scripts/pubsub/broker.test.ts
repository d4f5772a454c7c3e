import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { findFreePort } from "../common/free-port.ts";
import { startBroker } from "./broker.ts";
import { connectPubSub } from "./client.ts";
import { startEmbeddedPubSub } from "./embedded/server.ts";
import { findEmulator } from "./emulator.ts";

const nothingOnPath = { PATH: "" };

it("uses the server at PUBSUB_EMULATOR_HOST, and leaves it running", async () => {
  const external = await startEmbeddedPubSub();
  onTestFinished(() => external.close());
  const broker = await startBroker("auto", { ...nothingOnPath, PUBSUB_EMULATOR_HOST: external.endpoint });
  expect(broker).toMatchObject({ kind: "external", endpoint: external.endpoint });
  await broker.close();
  const admin = connectPubSub(external.endpoint, "test");
  onTestFinished(() => admin.close());
  await admin.createTopic("topic");
});

it("says in one line when nothing answers at PUBSUB_EMULATOR_HOST", async () => {
  const endpoint = `127.0.0.1:${await findFreePort()}`;
  await expect(startBroker("auto", { PUBSUB_EMULATOR_HOST: endpoint })).rejects.toThrow(
    `PUBSUB_EMULATOR_HOST is ${endpoint}, but no Pub/Sub server answers there.`,
  );
});

it.each(["auto", "embedded"] as const)("starts the embedded server: %s without the emulator", async (choice) => {
  const broker = await startBroker(choice, nothingOnPath);
  onTestFinished(() => broker.close());
  expect(broker).toMatchObject({ kind: "embedded", embedded: { endpoint: broker.endpoint } });
});

it("says in one line what is missing when the emulator is asked for and not there", async () => {
  await expect(startBroker("emulator", nothingOnPath)).rejects.toThrow(
    /^The official Pub\/Sub emulator is not on this machine: .*$/,
  );
});

it("says what to do when the emulator does not come up, and goes on with the embedded server", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sdk-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const bin = join(folder, "bin");
  const emulator = join(folder, "platform/pubsub-emulator/bin");
  for (const each of [bin, emulator]) await mkdir(each, { recursive: true });
  for (const program of [join(bin, "gcloud"), join(bin, "java"), join(emulator, "cloud-pubsub-emulator")]) {
    await writeFile(program, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  }
  const stderr = vi.spyOn(console, "error").mockReturnValue();
  onTestFinished(() => stderr.mockRestore());
  const env = { PATH: [bin, process.env.PATH].join(delimiter) };
  const said =
    /^The official Pub\/Sub emulator ended at its start, with exit code 3\. To see why, run `gcloud .*`\..*$/;
  await expect(startBroker("emulator", env)).rejects.toThrow(said);
  const broker = await startBroker("auto", env);
  onTestFinished(() => broker.close());
  expect(broker.kind).toBe("embedded");
  expect(stderr.mock.calls).toEqual([[expect.stringMatching(said)]]);
});

it.skipIf(findEmulator() === undefined && !process.env.CI)(
  "finds the official emulator behind links, prefers it to the embedded server, and ends it",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "path-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const folders = (process.env.PATH ?? "").split(delimiter);
    const gcloud = folders.map((each) => join(each, "gcloud")).find((path) => existsSync(path));
    await symlink(gcloud ?? "", join(folder, "gcloud"));
    const { PUBSUB_EMULATOR_HOST: _, ...env } = process.env;
    const broker = await startBroker("auto", { ...env, PATH: [folder, ...folders].join(delimiter) });
    expect(broker.kind).toBe("emulator");
    const { endpoint } = broker;
    await broker.close();
    await expect(startBroker("auto", { PUBSUB_EMULATOR_HOST: endpoint })).rejects.toThrow("no Pub/Sub server answers");
  },
);
