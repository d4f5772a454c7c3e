import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { startBrowser } from "./browser.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A page of the local stack in a real browser. */
export interface OpenPage {
  readonly page: Page;
  /** What a developer would see in the browser's console as errors, and requests that went elsewhere. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** @returns the browser that some tests share: what is there once they begin */
export function useBrowser(): { browser: Browser } {
  const shared = {} as { browser: Browser };
  beforeAll(async () => {
    shared.browser = await startBrowser();
  });
  afterAll(() => shared.browser?.close());
  return shared;
}

/** Opens a page, with nothing in the browser from before. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const permissions = ["clipboard-read", "clipboard-write"];
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, permissions, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    // Chromium notes each answer that is no success; to the page they are what it is there for.
    const isAnswer = message.text().startsWith("Failed to load resource: the server responded with a status of");
    if (message.type() === "error" && !(isAnswer && /\/events\/|\/console\/record\?/.test(message.location().url))) {
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
    sender: page.locator("details.sender > summary"),
    type: page.getByLabel("Event type"),
    editor: page.getByLabel("The event as JSON"),
    faults: page.getByRole("list", { name: "Faults of the event" }),
    send: page.getByRole("button", { name: "Send", exact: true }),
    answer: page.getByRole("status", { name: "Answer" }),
    status: page.locator(".answer .status"),
    list: page.getByRole("listbox"),
    rows: page.getByRole("option").and(page.locator(".line")),
    story: page.getByRole("region", { name: "Story" }),
    steps: page.locator(".step"),
    close: page.getByRole("region", { name: "Story" }).getByRole("button", { name: "Close" }),
    menu: page.locator(".menu > summary"),
    user: page.getByLabel("User", { exact: true }),
    search: page.getByLabel("Search"),
  } satisfies Readonly<Record<string, Locator>>;
}

/** Waits for a text that matches. */
export async function waitForText(
  locator: { textContent(): Promise<string | null> },
  expected: RegExp,
  timeout = 15_000,
): Promise<void> {
  await expect.poll(() => locator.textContent(), { timeout }).toMatch(expected);
}

/** Opens the sender where the page is so narrow that it is folded. */
export async function openSender(page: Page): Promise<void> {
  const { sender, editor } = findParts(page);
  if (!(await editor.isVisible())) await sender.click();
}

/** Replaces what stands in the editor, by keyboard. */
export async function writeEvent(page: Page, text: string): Promise<void> {
  await openSender(page);
  // Not by a click: where the mouse rests, the editor would soon show a fault, which takes the next click.
  await findParts(page).editor.focus();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}

/** Chooses what goes wrong with a function's publish calls. */
export async function chooseFault(page: Page, name: string, recipe: string): Promise<void> {
  const { menu } = findParts(page);
  await menu.click();
  await page.getByLabel(`Pub/Sub for ${name}`).selectOption(recipe);
  await waitForText(menu, recipe === "none" ? /^(?!.*fails.*commerce)/ : new RegExp(`fails.*${name}`));
  await page.keyboard.press("Escape");
}

/** Wants axe to find nothing. */
export async function expectAccessible(page: Page): Promise<void> {
  // Evaluated, not added as a script: the page's content security policy would rightly refuse that.
  await page.evaluate(axe);
  // Colours change in a while where the page turns dark.
  await page.evaluate("Promise.allSettled(document.getAnimations().map(({ finished }) => finished))");
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
}

/** Wants nothing to stand out of the page sideways. */
export async function expectNoOverflow(page: Page): Promise<void> {
  expect(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")).toBe(0);
}
