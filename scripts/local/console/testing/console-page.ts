import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect } from "vitest";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A page of the local stack in a real browser. */
export interface OpenPage {
  readonly page: Page;
  /** What a developer would see in the browser's console as errors, and requests that went elsewhere. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** Opens a page, with nothing in the browser from before. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    // Chromium notes each answer that is no success; to the page they are what it is there for.
    const isAnswer = message.text().startsWith("Failed to load resource: the server responded with a status of");
    if (message.type() === "error" && !(isAnswer && message.location().url.includes("/events/"))) {
      faults.push(message.text());
    }
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== new URL(url).origin && protocol.startsWith("http")) faults.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

/** The parts of the console that tests act upon. */
export function findParts(page: Page) {
  return {
    type: page.getByLabel("Event type"),
    editor: page.getByLabel("The event as JSON"),
    faults: page.getByRole("list", { name: "Faults of the event" }),
    send: page.getByRole("button", { name: "Send", exact: true }),
    answer: page.getByRole("status", { name: "Answer" }),
    status: page.locator(".answer .status"),
    list: page.getByRole("listbox", { name: "Messages, newest first" }),
    messages: page.locator(".message"),
    detail: page.getByRole("region", { name: "The selected message" }),
    fault: page.getByLabel("Pub/Sub"),
  } satisfies Readonly<Record<string, Locator>>;
}

/** Replaces what stands in the editor, by keyboard. */
export async function writeEvent(page: Page, text: string): Promise<void> {
  await findParts(page).editor.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}

/** Wants axe to find nothing that it calls serious or critical. */
export async function expectAccessible(page: Page): Promise<void> {
  // Evaluated, not added as a script: the page's content security policy would rightly refuse that.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  const found = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(found).toEqual([]);
}
