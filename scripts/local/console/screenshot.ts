import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Domain } from "../../../shared/events/domain.ts";
import { domains } from "../../../shared/events/registry.ts";
import { Printer } from "../printer.ts";
import { LocalStack } from "../stack.ts";
import { startBrowser } from "./testing/browser.ts";

// npm run screenshot: docs/console.png, the console with the story of an event. Needs Chromium at /usr/bin/chromium.

const folder = new URL("../../../docs/", import.meta.url);
const samples = Object.values<Domain>(domains).flatMap(({ events }) =>
  Object.values(events).map(({ sample }) => sample),
);
const users = ["usr_8821", "usr_1207", "usr_5540"];

// Where only the page matters, what else may want these ports keeps them.
const stack = new LocalStack(new Printer(Object.keys(domains), "normal", () => {}));
const { port } = await stack.start({ port: 0, broker: "embedded", pubsubPort: 0 });
const url = `http://localhost:${port}`;
await sendTraffic();
const id = await sendThroughFault();
const browser = await startBrowser();
for (const { name, hash = `#/e/${id}`, ...view } of listViews()) {
  const page = await browser.newPage({ deviceScaleFactor: 1.5, ...view });
  await page.goto(`${url}/${hash}`);
  if (hash !== "") await page.getByRole("region", { name: "Story" }).getByText("Attempt 4").waitFor();
  // The caret would blink into one picture and out of the next.
  await page.addStyleTag({ content: ".cm-cursor { display: none !important }" }).catch(() => {});
  await page.waitForTimeout(500);
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: fileURLToPath(new URL(name, folder)) });
  console.log(`docs/${name}`);
  await page.close();
}
await browser.close();
await stack.stop();
process.exit();

/** The one of the README; with a folder as argument, every width and colour scheme into that. */
function listViews() {
  const [into] = process.argv.slice(2);
  if (into === undefined) return [{ name: "console.png", viewport: { width: 1440, height: 1080 }, hash: undefined }];
  const sizes = [
    [1440, 900],
    [768, 1024],
    [390, 844],
  ] as const;
  return sizes.flatMap(([width, height]) =>
    (["light", "dark"] as const).flatMap((colorScheme) =>
      (["story", "list"] as const).map((what) => ({
        name: `${into}/console-${width}-${colorScheme}-${what}.png`,
        viewport: { width, height },
        colorScheme,
        hash: what === "list" ? "" : undefined,
      })),
    ),
  );
}

async function send(path: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url + path, {
    method: path.startsWith("/console") ? "PUT" : "POST",
    headers: { "Content-Type": "application/json", "PulseCart-Caller": "checkout" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
}

/** Some of everything: single events and batches, accepted and refused. */
async function sendTraffic(): Promise<void> {
  for (let index = 0; index < 40; index++) {
    const sample = { ...samples[(index * 5) % samples.length], user_id: users[index % users.length] };
    if (index % 11 === 6) await send("/events/ingest", { ...sample, payload: {} });
    else if (index % 9 === 4) await send("/events/batch", [sample, { ...sample, user_id: "" }, sample]);
    else if (index % 7 === 3) await send("/events/ingest", { ...sample, user_id: "", payload: [] });
    else await send("/events/ingest", sample);
  }
}

/** @returns the id of an event that was published at the third attempt */
async function sendThroughFault(): Promise<unknown> {
  const event = { ...domains.commerce.events["order.placed"].sample, event_id: "ord_20771-placed" };
  await send("/events/ingest", { ...event, order_id: 20771 });
  await send("/console/faults", { function: "commerce", recipe: "next3" });
  const { event_id } = await send("/events/ingest", event);
  return event_id;
}
