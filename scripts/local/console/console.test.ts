import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { copyProject, type StartedStack, startStack } from "../testing/started-stack.ts";
import { hasBrowser, startBrowser } from "./testing/browser.ts";
import { expectAccessible, findParts, type OpenPage, openPage, writeEvent } from "./testing/console-page.ts";

// The console and the API reference as `npm start` serves them, in a real Chromium.

// A browser, a stack and a build at once want their time where other tests run beside them.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let project: Awaited<ReturnType<typeof copyProject>>;
let stack: StartedStack;

beforeAll(async () => {
  project = await copyProject();
  stack = await startStack(project.folder, ["--broker=embedded"], { PUBLISH_TIMEOUT_MS: "1000" });
});
afterAll(async () => {
  await stack?.end();
  await project?.remove();
});

const json = { "Content-Type": "application/json" };
const samples = Object.values<Domain>(domains).flatMap((domain) =>
  Object.values(domain.events).map((event) => ({ type: event.type, sample: event.sample, domain })),
);
const order = domains.commerce.events["order.placed"].sample;

/** Sends an event from elsewhere than the page. */
async function sendOrder(fields: object = {}): Promise<void> {
  const body = JSON.stringify({ ...order, ...fields });
  const response = await fetch(`${stack.url}/events/ingest`, { method: "POST", headers: json, body });
  expect(response.status).toBe(202);
}

describe("what the page talks to", () => {
  it.each([
    ["PUT", "/console/fault", '{"fault":"toString"}', 400, "malformed_json"],
    ["PUT", "/console/fault", "null", 400, "malformed_json"],
    ["POST", "/console/fault", "{}", 405, "method_not_allowed"],
    ["POST", "/", "{}", 405, "method_not_allowed"],
    ["GET", "/console/nothing.js", undefined, 404, "not_found"],
  ])("answers %s %s %s with problem details", async (method, path, body, status, code) => {
    const response = await fetch(stack.url + path, { method, headers: json, ...(body !== undefined && { body }) });
    expect([response.status, (await response.json()) as object]).toEqual([status, expect.objectContaining({ code })]);
  });

  it("says where Pub/Sub is", async () => {
    const info = await (await fetch(`${stack.url}/console/info`)).json();
    const pubsub = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
    expect(info).toEqual({ pubsub, project: "pulsecart-local", functions: Object.keys(domains) });
  });

  it("takes no fault from a form of another site", async () => {
    const response = await fetch(`${stack.url}/console/fault`, { method: "PUT", body: '{"fault":"silent"}' });
    expect(response.status).toBe(415);
  });

  it("says so when the console itself cannot be built, and serves all else", async () => {
    const path = join(project.folder, "scripts/local/console/client/main.tsx");
    const source = await readFile(path, "utf8");
    const from = stack.output().length;
    await writeFile(path, `${source}const = 1;`);
    await expect.poll(async () => (await fetch(`${stack.url}/console/app.js`)).status, { timeout: 30_000 }).toBe(500);
    await stack.waitForOutput(/main\.tsx:\d+:\d+: ERROR/, from);
    await sendOrder();
    await writeFile(path, source);
    await expect.poll(async () => (await fetch(`${stack.url}/console/app.js`)).status, { timeout: 30_000 }).toBe(200);
  });

  it("serves one OpenAPI document of all functions", async () => {
    const document = (await (await fetch(`${stack.url}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(Object.keys(domains).map((name) => `/${name}/events/ingest`)),
    );
  });

  it("serves one AsyncAPI document of all topics, and links it from the reference", async () => {
    const document = (await (await fetch(`${stack.url}/asyncapi.json`)).json()) as { operations: object };
    expect(Object.keys(document.operations)).toEqual(Object.keys(domains));
    expect(await (await fetch(`${stack.url}/docs`)).text()).toContain('href="/asyncapi.json"');
  });
});

describe.skipIf(!hasBrowser)("in Chromium", () => {
  let browser: Browser;
  let open: OpenPage;
  let parts: ReturnType<typeof findParts>;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    open = await openPage(browser, stack.url);
    parts = findParts(open.page);
    await open.page.getByText("embedded Pub/Sub, project pulsecart-local").waitFor();
  });
  afterEach(async () => {
    await open.close();
    expect(open.faults).toEqual([]);
  });

  const waitForText = (locator: { textContent(): Promise<string | null> }, expected: RegExp) =>
    expect.poll(() => locator.textContent(), { timeout: 10_000 }).toMatch(expected);
  const readTop = async () =>
    Number(
      (
        await parts.messages
          .first()
          .getAttribute("id")
          .catch(() => null)
      )?.split("-")[1],
    );

  it.each(samples)("sends the sample of $type and shows it arrive", async ({ type, sample, domain }) => {
    const count = open.page.locator(`.card.${domain.name} .counts div`, { hasText: "accepted" }).locator("dd");
    const before = Number(await count.textContent());
    await parts.type.selectOption(type);
    await waitForText(parts.editor, new RegExp(type));
    expect(await parts.faults.locator("li").count()).toBe(0);
    await parts.send.click();
    await waitForText(parts.status, /^202$/);
    const eventId = /evt_[0-9a-f]{32}/.exec((await parts.answer.textContent()) ?? "")?.[0];
    await waitForText(parts.messages.first(), new RegExp(`${type}.*${sample.user_id}`));
    await parts.messages.first().click();
    await waitForText(parts.detail, new RegExp(`topic${domain.topic}.*event_id${eventId}.*"payload": \\{`, "s"));
    await waitForText(count, new RegExp(`^${before + 1}$`));
  });

  it("shows the schema's faults as they are written, and the 422 that they lead to", async () => {
    await writeEvent(open.page, '{"event_type":"order.placed","user_id":"","payload":[]}');
    await waitForText(parts.faults, /user_id must not be empty/);
    await waitForText(parts.faults, /payload must be a JSON object/);
    await waitForText(parts.faults, /order_id is required/);
    await open.page.keyboard.press("ControlOrMeta+Enter");
    await waitForText(parts.status, /^422$/);
    await waitForText(parts.answer, /codeinvalid_event.*"path": "order_id"/s);
    await writeEvent(open.page, "{");
    await waitForText(parts.faults, /JSON/);
    await parts.send.click();
    await waitForText(parts.status, /^400$/);
  });

  it("marks a fault where it stands", async () => {
    await writeEvent(open.page, '{\n"event_type":"order.placed",\n"user_id":1,\n"order_id":"o",\n"payload":{}}');
    await waitForText(open.page.locator(".cm-lintRange-error"), /^"user_id":1$/);
    await writeEvent(open.page, '{"user_id": oops}');
    await waitForText(open.page.locator(".cm-lintRange-error").first(), /^o/);
  });

  it("has Pub/Sub fail, shows the 503 that callers get, and has it work again", async () => {
    await parts.fault.selectOption("unavailable");
    await parts.send.click();
    await waitForText(parts.status, /^503$/);
    await waitForText(parts.answer, /Retry-After: 2 s.*codepublish_unavailable.*event_idevt_/s);
    await open.page.reload();
    await expect.poll(() => parts.fault.inputValue()).toBe("unavailable");
    await parts.fault.selectOption("none");
    await parts.send.click();
    await waitForText(parts.status, /^202$/);
    await waitForText(open.page.locator(".card.commerce .counts .failed dd"), /^[1-9]/);
  });

  it("sends a batch", async () => {
    await open.page.getByLabel("Events in the batch").fill("3");
    const before = (await readTop()) || 0;
    await open.page.getByRole("button", { name: "Send as batch of" }).click();
    await waitForText(parts.answer, /202 × 3/);
    await expect.poll(readTop).toBeGreaterThanOrEqual(before + 3);
  });

  it("filters by topic, type and user", async () => {
    await sendOrder({ user_id: "filter-user-1" });
    await sendOrder({ user_id: "filter-user-2" });
    await parts.list.getByText("filter-user-2").waitFor();
    const shown = () => parts.messages.locator(".type").allTextContents();
    await open.page.getByLabel("User", { exact: true }).fill("filter-user-1");
    await expect.poll(shown).toEqual(["order.placed"]);
    await open.page.getByLabel("User", { exact: true }).fill("filter-user");
    await expect.poll(shown).toEqual(["order.placed", "order.placed"]);
    await open.page.getByLabel("Topic", { exact: true }).selectOption("pulsecart.system-events");
    await expect.poll(shown).toEqual([]);
    await open.page.getByLabel("User", { exact: true }).fill("");
    await expect
      .poll(async () => new Set(await shown()))
      .toEqual(new Set(["message.personalized_send", "inventory.low_stock_alert"]));
    await open.page.getByLabel("Type", { exact: true }).selectOption("inventory.low_stock_alert");
    await expect.poll(async () => new Set(await shown())).toEqual(new Set(["inventory.low_stock_alert"]));
  });

  it("pauses, resumes and clears; a reload brings back what has arrived", async () => {
    await sendOrder({ user_id: "before-pause" });
    await parts.list.getByText("before-pause").waitFor();
    await open.page.getByRole("button", { name: "Pause" }).click();
    await sendOrder({ user_id: "during-pause" });
    await open.page.getByRole("button", { name: "Resume (1 new)" }).waitFor();
    await waitForText(parts.messages.first(), /before-pause/);
    await open.page.getByRole("button", { name: "Resume" }).click();
    await waitForText(parts.messages.first(), /during-pause/);
    await open.page.getByRole("button", { name: "Clear" }).click();
    await expect.poll(() => parts.messages.count()).toBe(0);
    await open.page.reload();
    await waitForText(parts.messages.first(), /during-pause/);
  });

  it("replays an event under its own event_id, and takes one back to the editor digit for digit", async () => {
    const body =
      '{"event_type":"order.placed","event_id":"replay-1","user_id":"u","order_id":"o","payload":{"n":9007199254740993,"p":89.90,"e":{},"a":[]}}';
    await writeEvent(open.page, body);
    await parts.send.click();
    await waitForText(parts.status, /^202$/);
    await parts.list.getByText("9007199254740993").first().click();
    const selected = open.page.locator(".message[aria-selected=true]");
    const seq = Number((await selected.getAttribute("id"))?.split("-")[1]);
    await waitForText(parts.detail, /"n": 9007199254740993,\n +"p": 89\.90,\n +"e": \{\},\n +"a": \[\]/);
    await parts.detail.getByRole("button", { name: "Replay" }).click();
    await open.page.getByText(/Replayed: 202, \d+/).waitFor();
    await expect.poll(readTop).toBe(seq + 1);
    await waitForText(parts.messages.first(), /9007199254740993/);
    await parts.type.selectOption("order.placed");
    await parts.detail.getByRole("button", { name: "Edit" }).click();
    await waitForText(parts.editor, /replay-1.*9007199254740993.*89\.90/);
  });

  it("can be used by keyboard alone", async () => {
    await sendOrder({ user_id: "keyboard-1" });
    await sendOrder({ user_id: "keyboard-2" });
    await parts.list.getByText("keyboard-2").waitFor();
    await parts.type.focus();
    for (let steps = 0; steps < 20; steps++) {
      if (await parts.list.evaluate((list) => list === list.ownerDocument.activeElement)) break;
      await open.page.keyboard.press("Tab");
    }
    await open.page.keyboard.press("ArrowDown");
    await waitForText(parts.detail, /keyboard-2/);
    await open.page.keyboard.press("ArrowDown");
    await waitForText(parts.detail, /keyboard-1/);
    await open.page.keyboard.press("End");
    const oldest = open.page.locator(".message[aria-selected=true]");
    await expect.poll(() => oldest.getAttribute("id")).toBe("message-1");
    expect(await parts.list.getAttribute("aria-activedescendant")).toBe("message-1");
    await open.page.keyboard.press("Home");
    await open.page.keyboard.press("Tab");
    await open.page.keyboard.press("Enter");
    await open.page.getByText(/Replayed: 202/).waitFor();
  });

  it("stays responsive at a thousand messages a second, with the visible rows alone in the document", async () => {
    const [, endpoint = ""] = /\((127\.0\.0\.1:\d+), project/.exec(stack.output()) ?? [];
    const admin = connectPubSub(endpoint, "pulsecart-local");
    const message = {
      data: Buffer.from(JSON.stringify(order)),
      attributes: { event_type: "order.placed", event_id: "load" },
    };
    const before = (await readTop()) || 0;
    await open.page.evaluate(watchFrames);
    for (let batch = 0; batch < 30; batch++) {
      await admin.publish(domains.commerce.topic, Array(200).fill(message));
      await open.page.waitForTimeout(200);
      expect(await parts.messages.count()).toBeLessThan(80);
    }
    admin.close();
    await expect.poll(readTop, { timeout: 15_000 }).toBe(before + 6000);
    await waitForText(open.page.locator("#stream-title + *"), /^5,000 kept/);
    // Loose, as the machine that runs the tests is busy with them: a frozen page stands still for the whole six seconds.
    expect(await open.page.evaluate<number>("globalThis.longestFrame")).toBeLessThan(2000);
    await parts.list.evaluate((list) => list.scrollTo(0, 100_000));
    await expect.poll(() => parts.messages.first().getAttribute("aria-posinset").then(Number)).toBeGreaterThan(3000);
  });

  it.each([
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["a narrow window", { viewport: { width: 360, height: 740 } }],
  ] as const)("is accessible in %s", async (_, options) => {
    for (const path of ["/", "/docs"]) {
      const { page, faults, close } = await openPage(browser, stack.url + path, options);
      if (path === "/") {
        await writeEvent(page, '{"event_type":"order.placed"}');
        await findParts(page).send.click();
        await findParts(page).messages.first().click();
        await waitForText(findParts(page).status, /^422$/);
      } else {
        const operation = page.locator(".opblock", { hasText: "/commerce/events/ingest" });
        await operation.getByRole("button").first().click();
        await operation.getByRole("button", { name: "Execute" }).waitFor();
      }
      await expectAccessible(page);
      const overflow = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect(overflow).toBe(0);
      expect(faults).toEqual([]);
      await close();
    }
  });

  it("has a reference of the API in which an event can be sent", async () => {
    await open.page.getByRole("link", { name: "API reference" }).click();
    for (const name of Object.keys(domains)) await open.page.getByText(`/${name}/events/ingest`).waitFor();
    const operation = open.page.locator(".opblock", { hasText: "/commerce/events/ingest" });
    await operation.getByRole("button").first().click();
    await operation.getByRole("button", { name: "Execute" }).click();
    await waitForText(operation.locator(".live-responses-table tbody .response-col_status"), /202/);
  });
});

/** Runs in the page: keeps the longest time between two frames. */
function watchFrames(): void {
  const page = globalThis as unknown as {
    longestFrame: number;
    requestAnimationFrame(callback: (now: number) => void): void;
  };
  page.longestFrame = 0;
  let last = performance.now();
  const next = (now: number) => {
    page.longestFrame = Math.max(page.longestFrame, now - last);
    last = now;
    page.requestAnimationFrame(next);
  };
  page.requestAnimationFrame(next);
}
