import { randomUUID } from "node:crypto";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { domains } from "../../../../shared/events/registry.ts";
import { chooseFault, findParts, openPage, openSender, waitForText, writeEvent } from "./console-page.ts";

/** What a job is done with. */
export interface Workplace {
  readonly browser: Browser;
  readonly page: Page;
  /** The stack's address. */
  readonly url: string;
  readonly options: BrowserContextOptions;
}

type Job = (workplace: Workplace) => Promise<void>;

const order = domains.commerce.events["order.placed"].sample;

/** @returns an order as text, with an id and a user that no other test has */
function toOrder(fields: object = {}): { readonly text: string; readonly id: string; readonly user: string } {
  const mark = randomUUID().slice(0, 8);
  const [id, user] = [`ord-${mark}`, `usr-${mark}`];
  return { id, user, text: JSON.stringify({ ...order, event_id: id, user_id: user, ...fields }) };
}

/** Sends an event from elsewhere than the page. */
async function post(url: string, body: string): Promise<Response> {
  return fetch(`${url}/events/${body.startsWith("[") ? "batch" : "ingest"}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
}

/** Shows an event's row, wherever it is in the list, and opens it. */
async function openStory(page: Page, user: string): Promise<void> {
  const { search, rows, story } = findParts(page);
  await search.fill(user);
  await waitForText(rows.first(), new RegExp(user));
  await rows.first().click();
  await story.waitFor();
}

/** Everything that the console is there for; each leaves the page as it found it. */
export const jobs: Readonly<Record<string, Job>> = {
  "send an event and follow it": async ({ page }) => {
    const parts = findParts(page);
    await openSender(page);
    await parts.type.selectOption("order.placed");
    await waitForText(parts.editor, /order\.placed/);
    await parts.send.click();
    await waitForText(parts.status, /^202$/);
    await page.getByRole("link", { name: "Follow this event" }).click();
    await waitForText(parts.story, /Attempt 1 OK.*Message \d+.*Answer 202/s);
    await parts.close.click();
    await expect.poll(() => parts.story.count()).toBe(0);
  },

  "see why a request is refused": async ({ page }) => {
    const parts = findParts(page);
    const { text, id, user } = toOrder({ order_id: 7, payload: { items: [{ product_id: "p" }], total: 1 } });
    await writeEvent(page, text);
    await waitForText(parts.faults, /order_id must be a string/);
    await waitForText(parts.faults, /payload\.items\.0\.quantity is required/);
    await page.keyboard.press("ControlOrMeta+Enter");
    await waitForText(parts.status, /^422$/);
    await waitForText(parts.answer, /invalid_event/);
    await openStory(page, user);
    await waitForText(parts.story, new RegExp(`${id}.*Answer 422 invalid_event`, "s"));
    await waitForText(parts.story.locator("mark").first(), /^"order_id": 7$/);
    await parts.close.click();
    await parts.search.fill("");
  },

  "find a request by what is in its payload, and see when none passes": async ({ page, url }) => {
    const parts = findParts(page);
    const { text, user } = toOrder({ payload: { items: [], total: 1, filler: "x".repeat(5000), needle: "N33dle" } });
    await post(url, text);
    await parts.search.fill("n33DLE");
    await waitForText(parts.rows.first(), new RegExp(user));
    await parts.user.fill("nobody-has-this-name");
    await page.getByText(/None of [\d,]+ requests passes/).waitFor();
    await page.getByRole("button", { name: "Show all" }).first().click();
    await expect.poll(() => parts.rows.count()).toBeGreaterThan(0);
  },

  "follow an event through a publish that is tried again, and share the link": async ({
    browser,
    page,
    url,
    options,
  }) => {
    const parts = findParts(page);
    const { text, id, user } = toOrder();
    await chooseFault(page, "commerce", "next3");
    expect((await post(url, text)).status).toBe(202);
    await openStory(page, user);
    const told = /Attempt 1 UNAVAILABLE.*Attempt 2 UNAVAILABLE.*Attempt 3 UNAVAILABLE.*Attempt 4 OK.*Message \d+/s;
    await waitForText(parts.story, told);
    await page.getByRole("button", { name: "Copy link" }).click();
    await waitForText(parts.story, /Copied: link/);
    const link = await page.evaluate<string>("navigator.clipboard.readText()");
    expect(link).toBe(`${url}/#/e/${id}`);
    const other = await openPage(browser, link, options);
    await waitForText(findParts(other.page).story, told);
    await other.close();
    await parts.close.click();
    await parts.search.fill("");
  },

  "see duplicates as one event": async ({ page, url }) => {
    const parts = findParts(page);
    const { text, user } = toOrder();
    await chooseFault(page, "commerce", "lost");
    expect((await post(url, text)).status).toBeGreaterThanOrEqual(500);
    await chooseFault(page, "commerce", "none");
    await page.getByRole("tab", { name: /Messages/ }).click();
    await parts.search.fill(user);
    await waitForText(parts.rows.first(), new RegExp(`${user}.*\\d+ messages under this id`));
    expect(await parts.rows.count()).toBe(1);
    await parts.rows.first().click();
    await waitForText(parts.story, /\d+ messages: consumers drop all but one.*and \d+ more with the same bytes/s);
    await parts.close.click();
    await page.getByRole("tab", { name: /Requests/ }).click();
    await parts.search.fill("");
  },

  "watch a user's events in their order": async ({ page, url }) => {
    const parts = findParts(page);
    const { user } = toOrder();
    const events = [1, 2, 3].map((number) => ({
      ...order,
      user_id: user,
      event_id: `${user}-${number}`,
      order_id: `o${number}`,
    }));
    await post(url, JSON.stringify([...events, { ...order, user_id: user, order_id: "" }]));
    await parts.user.fill(user);
    await page.getByText(`${user}: 4 events in order of acceptance`).waitFor();
    await expect
      .poll(async () => (await parts.rows.locator(".state").allTextContents()).map((text) => text.replace(/ \d+$/, "")))
      .toEqual(["message", "message", "message", "refused"]);
    expect(await page.getByText("out of order").count()).toBe(0);
    await chooseFault(page, "commerce", "hang");
    const waiting = post(url, JSON.stringify({ ...order, user_id: user, event_id: `${user}-5` }));
    await waitForText(parts.rows.nth(4), /in flight/);
    expect((await waiting).status).toBe(504);
    await waitForText(parts.rows.nth(4), /failed.*publish_timeout/);
    await chooseFault(page, "commerce", "none");
    expect((await post(url, JSON.stringify({ ...order, user_id: user, event_id: `${user}-6` }))).status).toBe(202);
    await waitForText(parts.rows.nth(5), /message \d+/);
    await parts.user.fill("");
  },

  "see what became of each sending of one event": async ({ page, url }) => {
    const parts = findParts(page);
    const { text, id, user } = toOrder();
    const event = JSON.parse(text) as Record<string, unknown>;
    const answers: { readonly message_id?: string }[] = [];
    for (const fields of [{ order_id: "" }, {}, { payload: {} }, { order_id: 7 }]) {
      answers.push((await (await post(url, JSON.stringify({ ...event, ...fields }))).json()) as object);
    }
    await parts.user.fill(user);
    await page.getByText(`${user}: 4 events in order of acceptance`).waitFor();
    const topic = "on the topic: 2 messages";
    await waitForText(parts.rows.nth(0), new RegExp(`refused422 invalid_event.*${topic}.*${id}`));
    await waitForText(parts.rows.nth(1), new RegExp(`message ${answers[1]?.message_id}${topic}`));
    await waitForText(parts.rows.nth(2), new RegExp(`message ${answers[2]?.message_id}2 warnings.*${topic}`));
    await waitForText(parts.rows.nth(3), new RegExp(`refused422 invalid_event.*${topic}`));
    await page.getByRole("button", { name: /^with warnings/ }).click();
    await expect.poll(() => parts.rows.count()).toBe(1);
    await page.getByRole("button", { name: /^with warnings/ }).click();
    await page.getByRole("button", { name: /^refused/ }).click();
    await expect.poll(() => parts.rows.count()).toBe(2);
    await page.getByRole("button", { name: "Show all" }).first().click();
  },

  "break Pub/Sub for all functions, and find what was retried": async ({ page, url }) => {
    const parts = findParts(page);
    const { text, user } = toOrder();
    await parts.menu.click();
    await page.getByLabel("Pub/Sub for all functions").selectOption("next3");
    await waitForText(parts.menu, /fails: .*commerce.*system/);
    expect(await page.getByLabel("Pub/Sub for system").inputValue()).toBe("next3");
    expect((await post(url, text)).status).toBe(202);
    await expect.poll(() => page.getByLabel("Pub/Sub for all functions").inputValue()).toBe("");
    await page.getByRole("button", { name: "Heal all" }).click();
    await waitForText(parts.menu, /^Break Pub\/Sub/);
    await page.keyboard.press("Escape");
    await parts.search.fill(user);
    await page.getByRole("button", { name: /^retried/ }).click();
    await waitForText(parts.rows.first(), /202.*4 attempts/);
    await page.getByRole("button", { name: "Show all" }).first().click();
  },

  "break Pub/Sub for one function, and heal it": async ({ page, url }) => {
    const parts = findParts(page);
    await chooseFault(page, "commerce", "denied");
    await writeEvent(page, toOrder().text);
    await parts.send.click();
    await waitForText(parts.status, /^500$/);
    const viewed = domains["user-actions"].events["product.viewed"].sample;
    expect((await post(url, JSON.stringify(viewed))).status).toBe(202);
    await chooseFault(page, "commerce", "none");
    await writeEvent(page, toOrder().text);
    await parts.send.click();
    await waitForText(parts.status, /^202$/);
  },

  "send, find, read and leave by keyboard alone": async ({ page, url }) => {
    const parts = findParts(page);
    const [first, second] = [toOrder(), toOrder()];
    await post(url, first.text);
    await post(url, second.text);
    await waitForText(parts.list, new RegExp(second.user));
    await parts.menu.focus();
    const goTo = async (isThere: () => Promise<boolean>) => {
      for (let steps = 0; steps < 60 && !(await isThere()); steps++) await page.keyboard.press("Tab");
      expect(await isThere()).toBe(true);
    };
    await goTo(() => parts.list.evaluate((list) => list === list.ownerDocument.activeElement));
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await waitForText(parts.story, new RegExp(second.id));
    expect(await parts.story.locator("h2").evaluate((title) => title === title.ownerDocument.activeElement)).toBe(true);
    await page.keyboard.press("Escape");
    await expect.poll(() => parts.story.count()).toBe(0);
    expect(await parts.list.evaluate((list) => list === list.ownerDocument.activeElement)).toBe(true);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await waitForText(parts.story, new RegExp(first.id));
    await page.keyboard.press("Escape");
    await parts.menu.focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Pub/Sub for commerce").waitFor();
    await page.keyboard.press("Escape");
    expect(await page.getByLabel("Pub/Sub for commerce").isVisible()).toBe(false);
  },
};
