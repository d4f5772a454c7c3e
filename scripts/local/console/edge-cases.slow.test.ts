import { brotliCompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { domains } from "../../../shared/events/registry.ts";
import { sampleOf } from "../../testing/sample-of.ts";
import { startStack, useStack } from "../testing/started-stack.ts";
import { hasBrowser } from "./testing/browser.ts";
import {
  expectNoOverflow,
  findParts,
  type OpenPage,
  openPage,
  useBrowser,
  waitForText,
  writeEvent,
} from "./testing/console-page.ts";

// The console with what callers may send that is not as usual, in a real Chromium.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const local = useStack(["--broker=embedded"]);
let open: OpenPage;
let parts: ReturnType<typeof findParts>;

const json = { "Content-Type": "application/json" };
const order = domains.commerce.events["order.placed"].sample;
const payload = order.payload as object;

function post(path: string, body: string | Buffer, headers: Record<string, string> = json): Promise<Response> {
  return fetch(local.stack.url + path, { method: "POST", headers, body: new Uint8Array(Buffer.from(body)) });
}

/** Finds the one request that holds this text, and opens its story. */
async function openStory(text: string): Promise<void> {
  await parts.search.fill(text);
  await expect.poll(() => parts.rows.count()).toBe(1);
  await parts.rows.first().click();
  await parts.story.waitFor();
}

describe.skipIf(!hasBrowser)("in Chromium", () => {
  const shared = useBrowser();

  async function openConsole(): Promise<void> {
    open = await openPage(shared.browser, local.stack.url);
    parts = findParts(open.page);
    await open.page.getByText(/embedded Pub\/Sub at/).waitFor();
  }
  async function closeConsole(): Promise<void> {
    await open.close();
    expect(open.faults).toEqual([]);
  }

  describe("the editor says what the function says", () => {
    // One page for all, as for who edits an event.
    beforeAll(openConsole);
    afterAll(closeConsole);

    it.each([
      ["an event that is right", order],
      ["several faults at once", { ...order, user_id: 7, order_id: "", timestamp: "today", event_id: "a b" }],
      ["null for what is optional, and for what is not", { ...order, event_id: null, user_id: null, payload: null }],
      ["an array for the payload", { ...order, payload: [] }],
      ["an array for an object", { ...order, payload: { ...payload, shipping: [] } }],
      ["arrays for items, and no list at all", [order, { ...order, payload: { items: [[], {}], total: 1 } }]],
      ["null inside the payload", { ...order, payload: { items: [null], total: null, currency: null } }],
      ["an object for a number, a list", { ...order, payload: { items: {}, total: {} } }],
      ["texts that are too long", { ...order, user_id: "x".repeat(1025), payload: { ...payload, currency: "EURO" } }],
      [
        "more faults than an answer lists",
        { ...order, payload: { items: Array(30).fill({ product_id: "", quantity: 0 }), total: 1 } },
      ],
      ["a payload of another function", { ...sampleOf("system"), payload: { variables: [1] } }],
      ["an unknown type", { ...order, event_type: "constructor" }],
      ["no type", { ...order, event_type: undefined }],
      ["a type of another kind", { ...order, event_type: ["order.placed"] }],
      ["a batch of two functions", [order, sampleOf("system"), 1, null]],
      ["an empty batch", []],
      ["a number", 1],
    ])("of %s", async (_, event) => {
      await expectSameVerdict(JSON.stringify(event));
    });

    it.each([
      [
        "a number beyond a double",
        '{"event_type":"order.placed","user_id":"u","order_id":"o","payload":{"items":[{"product_id":"p","quantity":1e400}],"total":1e400}}',
      ],
      [
        "a member that is there twice",
        '{"event_type":"order.placed","user_id":"u","user_id":"v","order_id":"o","Order_Id":"o","payload":{}}',
      ],
      ["what is no JSON", '{"event_type":"order.placed",}'],
      ["nothing", ""],
      [
        "an array that is too long",
        JSON.stringify({ ...order, payload: { items: Array(501).fill({ product_id: "p", quantity: 1 }), total: 1 } }),
      ],
    ])("of %s", async (_, text) => {
      await expectSameVerdict(text);
    });

    async function expectSameVerdict(text: string): Promise<void> {
      const isBatch = text.startsWith("[");
      const answer = (await (await post(isBatch ? "/events/batch" : "/events/ingest", text)).json()) as Verdict;
      const expected = (answer.results ?? [answer]).flatMap((each, index) =>
        toLines(each, answer.results ? index : ""),
      );
      // With the answer to this text: one on its way may be that of the text before.
      const isChecked = open.page.waitForResponse(
        (response) => response.url().endsWith("/console/check") && (response.request().postData() ?? "") === text,
      );
      await writeEvent(open.page, text);
      await isChecked;
      await expect.poll(() => parts.faults.locator("li").allTextContents()).toEqual(expected);
    }

    interface Verdict {
      readonly code?: string;
      readonly detail?: string;
      readonly errors?: readonly { readonly path: string; readonly message: string }[];
      readonly warnings?: readonly { readonly path: string; readonly message: string }[];
      readonly warnings_omitted?: number;
      readonly results?: readonly Verdict[];
    }

    /** An answer in the words of the editor's list. */
    function toLines({ code, detail, errors, warnings = [], warnings_omitted: omitted }: Verdict, index: number | "") {
      const prefix = index === "" ? "" : `${index}.`;
      const warned = " (reported only)";
      return [
        ...(code !== undefined && errors === undefined ? [`${index} ${detail}`] : []),
        ...(errors ?? []).map(({ path, message }) => `${prefix}${path} ${message}`),
        ...warnings.map(({ path, message }) => `${prefix}${path} ${message}${warned}`),
        ...(omitted ? [`${prefix}payload has ${omitted} more${warned}`] : []),
      ];
    }
  });

  describe("the page", () => {
    beforeEach(openConsole);
    afterEach(closeConsole);

    it("marks the faults of lines, of a compressed body, and of a batch that is too long to show", async () => {
      const lines = ["mark-lines-1", 7].map((user) => JSON.stringify({ ...order, user_id: user })).join("\n");
      await post("/events/batch", `\ufeff${lines}\n`, { "Content-Type": "application/x-ndjson" });
      await openStory("mark-lines-1");
      await waitForText(parts.story, /1\.user_id must be a string.*Answer 207/s);
      await waitForText(parts.story.locator("mark").first(), /^"user_id": 7$/);
      await parts.close.click();
      const compressed = brotliCompressSync(JSON.stringify({ ...order, user_id: "mark-br", order_id: 7 }));
      const encoded = { ...json, "Content-Encoding": "br, identity" };
      expect((await post("/events/ingest", compressed, encoded)).status).toBe(422);
      await openStory("mark-br");
      await waitForText(parts.story.locator("mark").first(), /^"order_id": 7$/);
      await parts.close.click();
      const events = Array.from({ length: 900 }, (_, index) => ({
        ...order,
        user_id: "mark-long",
        event_id: `mark-${index}`,
      }));
      await post("/events/batch", JSON.stringify([...events, { ...order, event_id: "mark-last", order_id: "" }]));
      await open.page.goto(`${local.stack.url}/#/e/mark-last`);
      await waitForText(parts.story, /order_id must not be empty.*Answer 422 invalid_event/s);
      await waitForText(parts.story, /Only its first 65,536 characters are kept/);
    });

    it("sends nothing again of which it has a part only", async () => {
      const long = JSON.stringify({ ...order, user_id: "part-1", payload: { ...payload, text: "x".repeat(70_000) } });
      await post("/events/ingest", long);
      await openStory("part-1");
      await parts.story.getByRole("button", { name: "Send again" }).click();
      await waitForText(parts.story, /not kept as it was sent\. Only its first 65,536 characters are kept/);
      await waitForText(parts.story, /1 request, 1 attempt, 1 message/);
    });

    it("shows bytes that are no text as such, and HTML as text", async () => {
      await post("/events/ingest", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x00, 0x22]), {
        ...json,
        "X-Mark": "binary-1",
      });
      await openStory("binary-1");
      await waitForText(parts.story, /It is not UTF-8/);
      await parts.close.click();
      const html = '<img src=x onerror="globalThis.isBroken = true"><script>globalThis.isBroken = true</script>';
      await post("/events/ingest", JSON.stringify({ ...order, user_id: html, payload: { ...payload, html } }));
      await openStory("onerror");
      await waitForText(parts.story, /<script>globalThis\.isBroken/);
      expect(await open.page.evaluate("globalThis.isBroken")).toBeUndefined();
    });

    it("never shows credentials, of headers nor of the query", async () => {
      const headers = { ...json, Authorization: "Bearer s3cret", Cookie: "a=s3cret", "X-Api-Key": "s3cret" };
      await post("/events/ingest?key=s3cret", JSON.stringify({ ...order, user_id: "credential-1" }), headers);
      await openStory("credential-1");
      await parts.story.getByText("Headers", { exact: true }).click();
      await waitForText(parts.story, /Authorization\(not recorded\)/i);
      expect(await open.page.content()).not.toContain("s3cret");
      expect(await (await fetch(`${local.stack.url}/console/search?text=s3cret`)).json()).toEqual([]);
      expect(local.stack.output()).not.toContain("s3cret");
    });

    it("keeps its shape with ids as long as they may be", async () => {
      const long = "u".repeat(1024);
      await post(
        "/events/ingest",
        JSON.stringify({ ...order, user_id: long, order_id: long, event_id: "e".repeat(128) }),
      );
      await openStory("e".repeat(128));
      await waitForText(parts.story, /Answer 202/);
      await expectNoOverflow(open.page);
      await open.page.setViewportSize({ width: 390, height: 844 });
      await expectNoOverflow(open.page);
    });

    it("shows the list early on a phone, and of each row its title, time and answer, however much there is to say", async () => {
      await open.page.setViewportSize({ width: 390, height: 844 });
      const names = ["user-actions", "commerce", "system"];
      const put = (name: string, recipe: string) =>
        fetch(`${local.stack.url}/console/faults`, {
          method: "PUT",
          headers: json,
          body: JSON.stringify({ function: name, recipe }),
        });
      for (const name of names) await put(name, "denied");
      const { event_type: _, ...bare } = order;
      const batch = [{}, bare, order, { ...order, order_id: "" }, { event_type: "x".repeat(90) }, { event_type: "x" }];
      await post("/events/batch", JSON.stringify(batch), { ...json, "PulseCart-Caller": "c".repeat(64) });
      await put("all", "none");
      await waitForText(parts.rows.first(), /207|422|500/);
      const list = await parts.list.boundingBox();
      expect(list?.y).toBeLessThan(400);
      const row = parts.rows.first();
      const end = ((await row.boundingBox())?.x ?? 0) + ((await row.boundingBox())?.width ?? 0);
      for (const part of [".time", ".type", ".state"]) {
        const box = await row.locator(part).first().boundingBox();
        expect([part, (box?.width ?? 0) > 20, (box?.x ?? end) + (box?.width ?? 0) <= end]).toEqual([part, true, true]);
      }
      await expectNoOverflow(open.page);
    });

    it("says so when it knows nothing of what its address names", async () => {
      for (const hash of ["#/e/nobody-has-this-id", "#/r/999999", "#/m/999999", "#/e/%E0%A4%A"]) {
        await open.page.goto(`${local.stack.url}/${hash}`);
        await waitForText(parts.story, /The recorder has nothing of it/);
        await parts.close.click();
        await expect.poll(() => parts.story.count()).toBe(0);
      }
    });

    it("takes the browser's way back past the rows that were only passed by", async () => {
      for (const number of [1, 2, 3])
        await post("/events/ingest", JSON.stringify({ ...order, user_id: `back-${number}` }));
      await parts.search.fill("back-");
      await expect.poll(() => parts.rows.count()).toBe(3);
      await parts.rows.first().click();
      await parts.list.focus();
      await open.page.keyboard.press("ArrowDown");
      await open.page.keyboard.press("ArrowDown");
      await waitForText(parts.story, /back-1/);
      await open.page.goBack();
      await expect.poll(() => parts.story.count()).toBe(0);
      await open.page.goForward();
      await waitForText(parts.story, /back-1/);
    });

    it("says so when the clipboard is closed to it", async () => {
      await open.page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))");
      await open.page.goto(`${local.stack.url}/#/e/any`);
      await parts.story.getByRole("button", { name: "Copy link" }).click();
      await waitForText(parts.story, /does not let this page write to the clipboard/);
    });

    it("finds what comes in later, behind the beginning of a body too", async () => {
      await parts.search.fill("l4ter-needle");
      await open.page.getByText(/None of [\d,]+ requests passes/).waitFor();
      const late = { ...payload, text: "x".repeat(5000), needle: "l4ter-needle" };
      await post("/events/ingest", JSON.stringify({ ...order, user_id: "later-1", payload: late }));
      await waitForText(parts.rows.first(), /later-1/);
    });

    it("lets one replace, undo and send a long line with hundreds of faults", { timeout: 60_000 }, async () => {
      const { keyboard } = open.page;
      const event = { ...order, user_id: 7, order_id: "" };
      await writeEvent(open.page, JSON.stringify(Array(250).fill(event)));
      await waitForText(parts.faults, /^0\.user_id must be a string.*and 400 more$/);
      await keyboard.press("ControlOrMeta+Home");
      await expect.poll(() => open.page.locator(".cm-lintRange").count()).toBeGreaterThan(10);
      await writeEvent(open.page, "{}");
      await waitForText(parts.editor, /^\{\}$/);
      await keyboard.press("ControlOrMeta+Z");
      await waitForText(parts.editor, /"event_type":"order\.placed"/);
      // At once, one after the other: the editor is ahead of what is drawn.
      for (let times = 0; times < 3; times++) {
        await keyboard.press("ControlOrMeta+Y");
        await keyboard.press("ControlOrMeta+Z");
      }
      await waitForText(parts.faults, /and 400 more$/);
      await open.page.getByRole("button", { name: "Send batch" }).click();
      await waitForText(parts.answer, /422 × 250/s);
    });

    it("takes lines into the editor as a batch", async () => {
      const lines = ["edit-1", "edit-2"].map((user) => JSON.stringify({ ...order, user_id: user })).join("\n");
      await post("/events/batch", lines, { "Content-Type": "application/x-ndjson" });
      await openStory("edit-2");
      await parts.story.getByRole("button", { name: "Edit" }).click();
      await open.page.getByRole("button", { name: "Send batch" }).click();
      await waitForText(parts.answer, /202 × 2/);
    });

    it("forgets an earlier run of the stack, and goes on", async () => {
      const { port } = new URL(local.stack.url);
      await post("/events/ingest", JSON.stringify({ ...order, user_id: "before-restart" }));
      await waitForText(parts.rows.first(), /before-restart/);
      await open.page.getByRole("button", { name: "Pause" }).click();
      await local.stack.end();
      await open.page.getByText("not connected to npm start").waitFor();
      await writeEvent(open.page, "{}");
      await waitForText(parts.faults, /npm start does not run/);
      local.stack = await startStack(local.folder, ["--broker=embedded", `--port=${port}`]);
      await open.page.getByText("Nothing yet.").waitFor();
      await waitForText(parts.faults, /Missing required field: event_type/);
      // That nobody is there, the browser says too.
      await open.close();
      open = await openPage(shared.browser, local.stack.url);
    });
  });
});
