import { describe, expect, it } from "vitest";
import { useStack } from "../testing/started-stack.ts";
import { expectAccessible, expectNoOverflow, openPage, useBrowser } from "./testing/console-page.ts";
import { jobs } from "./testing/jobs.ts";

const local = useStack(["--broker=embedded"], { PUBLISH_TIMEOUT_MS: "1000" });
const shared = useBrowser();

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
    const { page, faults, close } = await openPage(shared.browser, local.stack.url, options);
    await job({ browser: shared.browser, page, url: local.stack.url, options });
    await expectAccessible(page);
    await expectNoOverflow(page);
    await close();
    expect(faults).toEqual([]);
  });

  it("an open story and the menu are accessible", async () => {
    const { page, close } = await openPage(shared.browser, local.stack.url, { viewport, colorScheme });
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
