import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyProject, type StartedStack, startStack } from "../testing/started-stack.ts";
import { startBrowser } from "./testing/browser.ts";
import { expectAccessible, expectNoOverflow, openPage } from "./testing/console-page.ts";
import { jobs } from "./testing/jobs.ts";

let project: Awaited<ReturnType<typeof copyProject>>;
let stack: StartedStack;
let browser: Browser;

beforeAll(async () => {
  // A copy: whoever edits sources meanwhile does not rebuild what is tested.
  project = await copyProject();
  stack = await startStack(project.folder, ["--broker=embedded"], { PUBLISH_TIMEOUT_MS: "1000" });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await stack?.end();
  await project?.remove();
});

const sizes = [
  { width: 1440, height: 900 },
  { width: 768, height: 1024 },
  { width: 390, height: 844 },
];
const views = sizes.flatMap((viewport) =>
  (["light", "dark"] as const).map((colorScheme) => ({
    viewport,
    colorScheme,
    name: `${viewport.width} ${colorScheme}`,
  })),
);

describe.each(views)("at $name", ({ viewport, colorScheme }) => {
  it.each(Object.entries(jobs))("one can %s", async (_, job) => {
    const options = { viewport, colorScheme };
    const { page, faults, close } = await openPage(browser, stack.url, options);
    await job({ browser, page, url: stack.url, options });
    await expectAccessible(page);
    await expectNoOverflow(page);
    await close();
    expect(faults).toEqual([]);
  });

  it("an open story and the menu are accessible", async () => {
    const { page, close } = await openPage(browser, stack.url, { viewport, colorScheme });
    await page.locator(".menu > summary").click();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.locator(".line").first().click();
    await page.getByRole("region", { name: "Story" }).waitFor();
    await expectAccessible(page);
    await expectNoOverflow(page);
    await close();
  });
});
