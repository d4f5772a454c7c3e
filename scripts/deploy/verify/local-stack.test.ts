import { expect, test, vi } from "vitest";
import { functionNames } from "../../../shared/events/registry.ts";
import { runProgram } from "../../common/run-program.ts";
import { copyProject, startStack } from "../../local/testing/started-stack.ts";

// A stack and a build at once want their time where other tests run beside them.
vi.setConfig({ testTimeout: 180_000 });

test("the functions of a local stack keep their promises", async () => {
  const project = await copyProject();
  const stack = await startStack(project.folder, ["--broker=embedded"]);
  try {
    const script = new URL("../verify.ts", import.meta.url).pathname;
    const { code, stdout, stderr } = await runProgram(process.execPath, [script, "--local", stack.url], process.env);
    expect({ code, stderr, broken: stdout.match(/BROKEN.*/g) }).toEqual({ code: 0, stderr: "", broken: null });
    for (const name of functionNames) expect(stdout).toContain(`\n${name}  ${stack.url}/${name}\n`);
  } finally {
    await stack.end();
    await project.remove();
  }
});
