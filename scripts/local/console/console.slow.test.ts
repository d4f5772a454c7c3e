import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { domains } from "../../../shared/events/registry.ts";
import { connectPubSub } from "../../pubsub/client.ts";
import { openSubscription } from "../../pubsub/open-subscription.ts";
import { sampleOf } from "../../testing/sample-of.ts";
import { useStack } from "../testing/started-stack.ts";
import { hasBrowser } from "./testing/browser.ts";
import {
  expectAccessible,
  expectNoOverflow,
  findParts,
  type OpenPage,
  openPage,
  useBrowser,
  waitForText,
  writeEvent,
} from "./testing/console-page.ts";
import { jobs } from "./testing/jobs.ts";

// The console and the API reference as `npm start` serves them, in a real Chromium.

// A browser, a stack and a build at once want their time where other tests run beside them.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const local = useStack(["--broker=embedded"], { PUBLISH_TIMEOUT_MS: "1000" });

const json = { "Content-Type": "application/json" };
const order = domains.commerce.events["order.placed"].sample;

/** Sends an event from elsewhere than the page. */
async function sendOrder(fields: object = {}): Promise<void> {
  const body = JSON.stringify({ ...order, ...fields });
  const response = await fetch(`${local.stack.url}/events/ingest`, { method: "POST", headers: json, body });
  expect(response.status).toBe(202);
}

async function readInfo(): Promise<{ readonly pubsub: string }> {
  return (await (await fetch(`${local.stack.url}/console/info`)).json()) as { pubsub: string };
}

describe("what the page talks to", () => {
  it.each([
    ["PUT", "/console/faults", '{"function":"commerce","recipe":"toString"}', 400, "malformed_json"],
    ["PUT", "/console/faults", '{"function":"__proto__","recipe":"hang"}', 400, "malformed_json"],
    ["PUT", "/console/faults", "null", 400, "malformed_json"],
    ["POST", "/console/faults", "{}", 405, "method_not_allowed"],
    ["POST", "/", "{}", 405, "method_not_allowed"],
    ["GET", "/console/record?seq=x", undefined, 404, "not_found"],
    ["GET", "/console/nothing.js", undefined, 404, "not_found"],
  ])("answers %s %s %s with problem details", async (method, path, body, status, code) => {
    const response = await fetch(local.stack.url + path, {
      method,
      headers: json,
      ...(body !== undefined && { body }),
    });
    expect([response.status, (await response.json()) as object]).toEqual([status, expect.objectContaining({ code })]);
  });

  it("says where Pub/Sub is", async () => {
    const pubsub = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
    expect(await readInfo()).toEqual({ pubsub, project: "pulsecart-local", functions: Object.keys(domains) });
  });

  it("takes no fault from a form of another site", async () => {
    const body = '{"function":"all","recipe":"hang"}';
    const response = await fetch(`${local.stack.url}/console/faults`, { method: "PUT", body });
    expect(response.status).toBe(415);
  });

  it("says so when the console itself cannot be built, and serves all else", async () => {
    const path = join(local.folder, "scripts/local/console/client/main.tsx");
    const source = await readFile(path, "utf8");
    onTestFinished(() => writeFile(path, source));
    const from = local.stack.output().length;
    await writeFile(path, `${source}const = 1;`);
    await expect
      .poll(async () => (await fetch(`${local.stack.url}/console/app.js`)).status, { timeout: 30_000 })
      .toBe(500);
    await local.stack.waitForOutput(/main\.tsx:\d+:\d+: ERROR/, from);
    await sendOrder();
    await writeFile(path, source);
    await expect
      .poll(async () => (await fetch(`${local.stack.url}/console/app.js`)).status, { timeout: 30_000 })
      .toBe(200);
  });

  it("serves one OpenAPI document of all functions and of the front, with no server but this one", async () => {
    const document = (await (await fetch(`${local.stack.url}/openapi.json`)).json()) as {
      paths: object;
      servers: object[];
    };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(["/events/ingest", ...Object.keys(domains).map((name) => `/${name}/events/ingest`)]),
    );
    expect(document.servers).toEqual([{ url: "/", description: "This local stack" }]);
  });

  it("serves one AsyncAPI document of all topics, and links it from the reference", async () => {
    const document = (await (await fetch(`${local.stack.url}/asyncapi.json`)).json()) as { operations: object };
    expect(Object.keys(document.operations)).toEqual(Object.keys(domains));
    expect(await (await fetch(`${local.stack.url}/docs`)).text()).toContain('href="/asyncapi.json"');
  });
});

describe.skipIf(!hasBrowser)("in Chromium", () => {
  const shared = useBrowser();
  let open: OpenPage;
  let parts: ReturnType<typeof findParts>;

  beforeEach(async () => {
    open = await openPage(shared.browser, local.stack.url);
    parts = findParts(open.page);
    await open.page.getByText(/embedded Pub\/Sub at .*, project pulsecart-local/).waitFor();
  });
  afterEach(async () => {
    await open.close();
    expect(open.faults).toEqual([]);
  });

  it.each(Object.entries(jobs))("one can %s", async (_, job) => {
    await job({ browser: shared.browser, page: open.page, url: local.stack.url, options: {} });
    await expectNoOverflow(open.page);
  });

  // After each job the page is as it was before: `npm run test:browser` looks there, too.
  it("is accessible, with faults, an answer, a story and the menu open", async () => {
    await writeEvent(open.page, JSON.stringify({ ...order, order_id: 7, user_id: "accessible-1" }));
    await waitForText(parts.faults, /order_id must be a string/);
    await parts.send.click();
    await waitForText(parts.status, /^422$/);
    await waitForText(parts.rows.first(), /accessible-1/);
    await parts.rows.first().click();
    await waitForText(parts.story, /Answer 422/);
    await parts.menu.click();
    await open.page.getByLabel("Pub/Sub for commerce").waitFor();
    await expectAccessible(open.page);
    await expectNoOverflow(open.page);
  });

  it("keeps a draft over a reload, and chooses its type from what is written", async () => {
    await writeEvent(open.page, '{"event_type":"product.viewed","user_id":"draft-1","payload":{}}');
    expect(await parts.type.inputValue()).toBe("product.viewed");
    await writeEvent(open.page, '{"event_type":"nothing.known"}');
    expect(await parts.type.inputValue()).toBe("");
    await open.page.reload();
    await waitForText(parts.editor, /nothing\.known/);
  });

  it("proposes the members that the schema names, at any depth", async () => {
    await writeEvent(open.page, '{"event_type":"order.placed","payload":{"items":[{}]}}');
    await open.page.keyboard.press("End");
    for (let steps = 0; steps < 4; steps++) await open.page.keyboard.press("ArrowLeft");
    await open.page.keyboard.press("Control+Space");
    const proposals = open.page.locator(".cm-tooltip-autocomplete li");
    await waitForText(open.page.locator(".cm-tooltip-autocomplete"), /"product_id"/);
    expect(await proposals.allTextContents()).toEqual(
      expect.arrayContaining([expect.stringMatching(/"quantity"/), expect.stringMatching(/"unit_price"/)]),
    );
    await open.page.keyboard.press("Escape");
  });

  it("sends an array as a batch, and marks each event's faults", async () => {
    await writeEvent(open.page, JSON.stringify([order, { ...order, user_id: 1 }]));
    await waitForText(parts.faults, /1\.user_id must be a string/);
    await open.page.getByRole("button", { name: "Send batch" }).click();
    await waitForText(parts.answer, /207.*202 × 1, 422 × 1/s);
    await waitForText(parts.rows.first(), /2 × order\.placed.*207.*1 of 2: invalid_event/);
  });

  it("sends a batch over several users, each event under an id of its own", async () => {
    await writeEvent(open.page, JSON.stringify({ ...order, user_id: "many", event_id: "many" }));
    await open.page.getByLabel("Events in the batch").fill("6");
    await open.page.getByLabel("Users in the batch").fill("3");
    await open.page.getByRole("button", { name: "Send as batch of" }).click();
    await waitForText(parts.answer, /202 × 6/);
    await waitForText(parts.rows.first(), /6 × order\.placed3 users202/);
  });

  it("sends the numbers that are there when one presses, however slow the page is", async () => {
    const { page } = open;
    await writeEvent(page, JSON.stringify({ ...order, user_id: "slow-page" }));
    const [events, users] = [page.getByLabel("Events in the batch"), page.getByLabel("Users in the batch")];
    const session = await page.context().newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: 6 });
    for (const [copies, names] of [
      [7, 3],
      [4, 1],
      [12, 5],
    ] as const) {
      await events.fill(String(copies));
      await users.fill(String(names));
      await page.getByRole("button", { name: "Send as batch of" }).click();
      await waitForText(parts.answer, new RegExp(`202 × ${copies}`));
      await waitForText(
        parts.rows.first(),
        new RegExp(`${copies} × order.placed.*${names === 1 ? "slow-page" : `${names} users`}`),
      );
    }
    // What is being typed stays, whatever comes in meanwhile.
    await events.focus();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("2");
    await sendOrder({ user_id: "while-typing" });
    await waitForText(parts.rows.first(), /while-typing/);
    await page.keyboard.type("9");
    expect([await events.inputValue(), await users.inputValue()]).toEqual(["29", "5"]);
    await page.keyboard.press("Tab");
    await events.fill("");
    await users.focus();
    expect(await events.inputValue()).toBe("1");
  });

  it("sends what was written last by Ctrl-Enter on a slow page", async () => {
    const session = await open.page.context().newCDPSession(open.page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: 6 });
    for (const mark of ["first", "second", "third"]) {
      await writeEvent(open.page, JSON.stringify({ ...order, user_id: `at-once-${mark}` }));
      await open.page.keyboard.press("ControlOrMeta+Enter");
      await waitForText(parts.rows.first(), new RegExp(`at-once-${mark}`));
    }
  });

  it("sends headers, and an event again as it was, digit for digit", async () => {
    const body =
      '{"event_type":"order.placed","user_id":"again","order_id":"o","payload":{"n":9007199254740993,"p":89.90}}';
    await writeEvent(open.page, body);
    await open.page.getByText("Headers", { exact: true }).click();
    await open.page.getByLabel("Idempotency-Key").fill("key-again");
    await parts.send.click();
    await waitForText(parts.status, /^202$/);
    await open.page.getByRole("link", { name: "Follow this event" }).click();
    await parts.story.getByRole("button", { name: "Send again" }).click();
    await waitForText(parts.story, /Sent again: 202/);
    await waitForText(parts.story, /2 requests, 2 attempts, 2 messages/);
    await parts.story.getByLabel("Copy as").selectOption("curl");
    const curl = await open.page.evaluate<string>("navigator.clipboard.readText()");
    expect(curl).toMatch(/-H 'Idempotency-Key: key-again'.*9007199254740993,"p":89\.90/s);
    await parts.story.getByRole("button", { name: "Edit" }).click();
    await waitForText(parts.editor, /9007199254740993.*89\.90/);
  });

  it("shows how far consumers are, and what a payload may hold, without a click", async () => {
    const { pubsub } = await readInfo();
    const { topic } = domains.system;
    await fetch(`${local.stack.url}/events/ingest`, {
      method: "POST",
      headers: json,
      body: JSON.stringify(sampleOf("system")),
    });
    const card = open.page.getByRole("button", { name: /^system/ });
    await waitForText(card, /default: \d+ not acknowledged, oldest \d\d:\d\d:\d\d, nobody reads/);
    const reader = openSubscription(pubsub, "pulsecart-local", `${topic}.default`, () => {});
    onTestFinished(() => reader.close());
    await waitForText(card, /default: all acknowledged$/);
    await parts.type.selectOption(order.event_type as string);
    await waitForText(open.page.locator(".schema"), /^payload \{\w+/);
  });

  it("shows the function's own line of an event, and explains its words", async () => {
    await sendOrder({ event_id: "log-line-1", user_id: "log-line-1" });
    await open.page.goto(`${local.stack.url}/#/e/log-line-1`);
    await waitForText(parts.story, /Log of commerce INFO Event accepted/);
    await open.page.getByText("Words", { exact: true }).click();
    await waitForText(open.page.locator(".words"), /sending.*An event in a request/s);
    await expectAccessible(open.page);
  });

  it("clears for good, and pauses", async () => {
    await sendOrder({ user_id: "before-pause" });
    await waitForText(parts.rows.first(), /before-pause/);
    await open.page.getByRole("button", { name: "Pause" }).click();
    await sendOrder({ user_id: "during-pause" });
    await open.page.getByRole("button", { name: "Resume (1 new)" }).waitFor();
    await waitForText(parts.rows.first(), /before-pause/);
    await open.page.getByRole("button", { name: "Resume" }).click();
    await waitForText(parts.rows.first(), /during-pause/);
    await open.page.getByRole("button", { name: "Clear" }).click();
    await open.page.getByText("Nothing yet.").waitFor();
    await open.page.reload();
    await open.page.getByText("Nothing yet.").waitFor();
  });

  it("saves what is listed as NDJSON", async () => {
    await sendOrder({ user_id: "export-1", event_id: "export-1" });
    await parts.search.fill("export-1");
    await waitForText(parts.rows.first(), /export-1/);
    const [download] = await Promise.all([
      open.page.waitForEvent("download"),
      open.page.getByRole("button", { name: "Export NDJSON" }).click(),
    ]);
    const [line = "", ...others] = (await readFile(await download.path(), "utf8")).trim().split("\n");
    expect(others).toEqual([]);
    expect(JSON.parse(line)).toMatchObject({
      request: { path: "/events/ingest" },
      answer: { status: 202 },
      events: [{ id: "export-1", attempts: [{ status: "OK" }], messages: [{ user: "export-1" }] }],
    });
  });

  it("stays responsive at a thousand messages a second, with the visible rows alone in the document", async () => {
    const { pubsub } = await readInfo();
    const admin = connectPubSub(pubsub, "pulsecart-local");
    const toMessage = (number: number) => ({
      data: Buffer.from(JSON.stringify(order)),
      attributes: { event_type: "order.placed", event_id: `load-${number}` },
    });
    await open.page.getByRole("tab", { name: /Messages/ }).click();
    await open.page.evaluate(watchFrames);
    for (let batch = 0; batch < 15; batch++) {
      await admin.publish(
        domains.commerce.topic,
        Array.from({ length: 200 }, (_, index) => toMessage(batch * 200 + index)),
      );
      await open.page.waitForTimeout(200);
      expect(await parts.rows.count()).toBeLessThan(80);
    }
    admin.close();
    await expect
      .poll(async () => Number(await parts.rows.first().getAttribute("aria-setsize")), { timeout: 15_000 })
      .toBeGreaterThanOrEqual(3000);
    // Loose, as the machine that runs the tests is busy with them: a frozen page stands still for the whole three seconds.
    expect(await open.page.evaluate<number>("globalThis.longestFrame")).toBeLessThan(2000);
    await parts.list.evaluate((list) => list.scrollTo(0, list.scrollHeight));
    await expect.poll(() => parts.rows.first().getAttribute("aria-posinset").then(Number)).toBeGreaterThan(2500);
  });

  it("has an accessible reference of the API, dark and narrow too, in which an event can be sent, with no headers made up", async () => {
    await open.page.getByRole("link", { name: "API reference" }).click();
    for (const name of Object.keys(domains)) await open.page.getByText(`/${name}/events/ingest`).waitFor();
    const operation = open.page.locator(".opblock", { hasText: "/commerce/events/ingest" });
    await operation.getByRole("button").first().click();
    const execute = operation.getByRole("button", { name: "Execute" });
    await execute.waitFor();
    await expectAccessible(open.page);
    await expectNoOverflow(open.page);
    await open.page.setViewportSize({ width: 360, height: 740 });
    await open.page.emulateMedia({ colorScheme: "dark" });
    await open.page.locator("html.dark-mode").waitFor();
    await expectAccessible(open.page);
    await expectNoOverflow(open.page);
    const [request] = await Promise.all([open.page.waitForRequest(/\/commerce\/events\/ingest$/), execute.click()]);
    expect(Object.keys(request.headers())).not.toEqual(expect.arrayContaining(["idempotency-key"]));
    expect(Object.keys(request.headers())).not.toEqual(expect.arrayContaining(["traceparent"]));
    await waitForText(operation.locator(".live-responses-table tbody .response-col_status"), /202/);
  });

  // The last of all: the page begins anew once more when the sources are as they were.
  it("shows why the sources do not work, and begins anew when its own have changed", async () => {
    const path = join(local.folder, "shared/events/commerce.ts");
    const source = await readFile(path, "utf8");
    onTestFinished(() => writeFile(path, source));
    await writeFile(path, `${source}\nconst = 1;`);
    const overlay = open.page.getByRole("alertdialog");
    await waitForText(overlay, /commerce\.ts:\d+:\d+/, 40_000);
    await open.page.keyboard.press("Escape");
    await expect.poll(() => overlay.count()).toBe(0);
    const definition =
      '"order.cancelled": { description: "A shopper cancelled.", sample: { user_id: "u", payload: {} } },';
    await writeFile(path, source.replace("events: {", `events: { ${definition}`));
    await expect
      .poll(() => parts.type.locator("option", { hasText: "order.cancelled" }).count(), { timeout: 40_000 })
      .toBe(1);
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
