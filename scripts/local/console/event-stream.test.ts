import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import { expect, it, onTestFinished, vi } from "vitest";
import { EventStream } from "./event-stream.ts";
import type { Frame } from "./protocol.ts";

const draft = {
  function: "commerce",
  topic: "t",
  messageId: "1",
  orderingKey: "u",
  attributes: {},
  userId: "u",
  body: "{}",
  bytes: 2,
  publishTime: 0,
};

async function serve(stream: EventStream): Promise<number> {
  const server = createServer((request, response) => stream.open(response, request.headers["last-event-id"] as string));
  server.listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

async function connect(port: number, lastEventId?: string): Promise<IncomingMessage> {
  const request = get({ port, headers: lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId } });
  onTestFinished(() => void request.destroy());
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

/** Collects what a page gets. */
function collect(response: IncomingMessage) {
  let text = "";
  response.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  return {
    text: () => text,
    frames: () =>
      [...text.matchAll(/^event: frame\nid: .*\ndata: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data ?? "") as Frame),
  };
}

const sequence = (frames: readonly Frame[]) => frames.flatMap(({ messages }) => messages.map(({ seq }) => seq));

it("gives a new page what has arrived lately, and one that comes back what it has missed", async () => {
  const stream = new EventStream({ project: "p", broker: "embedded" }, ["commerce"]);
  for (let index = 0; index < 600; index++) stream.addMessage(draft);
  const port = await serve(stream);
  const page = collect(await connect(port));
  await vi.waitFor(() => expect(sequence(page.frames())).toHaveLength(500));
  expect(page.text()).toContain('"counts":{"commerce":{"accepted":0,"refused":0,"failed":0,"arrived":600}}');
  const run = /"run":"([^"]+)"/.exec(page.text())?.[1];

  const again = collect(await connect(port, `${run}/598`));
  await vi.waitFor(() => expect(sequence(again.frames())).toEqual([599, 600]));
  const stranger = collect(await connect(port, "another-run/598"));
  await vi.waitFor(() => expect(sequence(stranger.frames())).toHaveLength(500));
});

it("keeps little of a history of long bodies, and cuts each", async () => {
  const stream = new EventStream({ project: "p", broker: "embedded" }, ["commerce"]);
  for (let index = 0; index < 200; index++) stream.addMessage({ ...draft, body: "x".repeat(1_000_000) });
  const page = collect(await connect(await serve(stream)));
  await vi.waitFor(() => expect(sequence(page.frames()).at(-1)).toBe(200));
  expect(page.text().length).toBeLessThan(5_000_000);
});

it("skips the oldest messages for a page that does not read, and says how many", async () => {
  const stream = new EventStream({ project: "p", broker: "embedded" }, ["commerce"]);
  const response = await connect(await serve(stream));
  const body = "x".repeat(1000);
  for (let round = 0; round < 10; round++) {
    for (let count = 0; count < 2000; count++) stream.addMessage({ ...draft, body });
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  const page = collect(response);
  await vi.waitFor(() => expect(page.text()).toContain('"seq":20000'), { timeout: 15_000, interval: 100 });
  const skipped = page.frames().reduce((sum, frame) => sum + frame.skipped, 0);
  expect(skipped).toBeGreaterThan(0);
  expect(sequence(page.frames()).length + skipped).toBe(20_000);
});
