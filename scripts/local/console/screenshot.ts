import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { Printer } from "../printer.ts";
import { LocalStack } from "../stack.ts";
import { startBrowser } from "./testing/browser.ts";
import { findParts } from "./testing/console-page.ts";

// npm run screenshot: docs/console.png, the console with some traffic. Needs Chromium at /usr/bin/chromium.

const file = fileURLToPath(new URL("../../../docs/console.png", import.meta.url));
const samples = Object.values<Domain>(domains).flatMap(({ events }) =>
  Object.values(events).map(({ sample }) => sample),
);
const users = ["usr_8821", "usr_1207", "usr_5540"];
const SECONDS_OF_TRAFFIC = 45;

const stack = new LocalStack(new Printer(Object.keys(domains), () => {}));
const { port } = await stack.start({ port: 0, broker: "embedded" });
const url = `http://localhost:${port}`;
const browser = await startBrowser();
const page = await browser.newPage({ viewport: { width: 1360, height: 860 }, deviceScaleFactor: 1.5 });
await page.goto(url);
await sendTraffic();
await takePicture();
await browser.close();
await stack.stop();
console.log("docs/console.png");
process.exit();

/** A handful of events a second, as the charts show seconds. */
async function sendTraffic(): Promise<void> {
  for (let index = 0; index < SECONDS_OF_TRAFFIC * 4; index++) {
    const sample = samples[(index * 5) % samples.length];
    // Every so often one that is refused.
    const user_id = index % 17 === 3 ? "" : users[index % users.length];
    await fetch(`${url}/events/ingest`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...sample, user_id }),
    });
    await page.waitForTimeout(250);
  }
}

async function takePicture(): Promise<void> {
  const parts = findParts(page);
  await parts.send.click();
  const [eventId = ""] = /evt_[0-9a-f]{32}/.exec((await parts.answer.locator("dl").textContent()) ?? "") ?? [];
  await parts.messages.first().click();
  while (!(await parts.detail.textContent())?.includes(eventId)) await parts.messages.first().click();
  // The pointer is not part of the picture.
  await page.mouse.move(0, 0);
  await mkdir(new URL("../../../docs/", import.meta.url), { recursive: true });
  await page.screenshot({ path: file });
}
