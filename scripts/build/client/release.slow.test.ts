import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

it("the release's last step publishes the staged client", { timeout: 60_000 }, () => {
  const contributing = readFileSync(`${root}docs/contributing.md`, "utf8");
  const [, command = ""] = /## Release\n[\s\S]*?```sh\n(npm publish .*)\n```/.exec(contributing) ?? [];
  const { status, stdout, stderr } = spawnSync(`${command} --dry-run`, {
    cwd: root,
    shell: true,
    encoding: "utf8",
    // Offline, npm would try again for more than a minute.
    env: { ...process.env, npm_config_fetch_retries: "0" },
  });
  expect(stdout, stderr).toMatch(/^\+ @pulsecart\/events@\d/m);
  expect(status).toBe(0);
});
