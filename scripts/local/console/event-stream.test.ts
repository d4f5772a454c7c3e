import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import { expect, it, onTestFinished, vi } from "vitest";
import { EventStream } from "./event-stream.ts";
import type { Draft, Frame } from "./protocol.ts";
import { Recorder } from "./recorder.ts";

const about = { project: "p", broker: "embedded", pubsub: "127.0.0.1:1" } as const;

function createStream() {
  const recorder: Recorder = new Recorder(() => stream.schedule());
  const stream = new EventStream(about, recorder, () => ({
    counts: recorder.counts,
    faults: {},
    backlogs: [],
    page: "",
    buildError: "",
  }));
  const add = (body = "{}") => recorder.add({ kind: "message", at: 0, function: "commerce", body } as Draft);
  return { recorder, stream, add };
}

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

const sequence = (frames: readonly Frame[]) => frames.flatMap(({ records }) => records.map(({ seq }) => seq));

it("gives a new page all that is recorded, and one that comes back what it has missed", async () => {
  const { stream, add } = createStream();
  for (let index = 0; index < 2500; index++) add();
  const port = await serve(stream);
  const page = collect(await connect(port));
  await vi.waitFor(() => expect(sequence(page.frames())).toHaveLength(2500), 10_000);
  expect(page.frames()[0]?.counts).toEqual({ commerce: { accepted: 0, refused: 0, failed: 0, messages: 2500 } });
  const run = /"run":"([^"]+)"/.exec(page.text())?.[1];

  const again = collect(await connect(port, `${run}/2498`));
  await vi.waitFor(() => expect(sequence(again.frames())).toEqual([2499, 2500]), 10_000);
  const stranger = collect(await connect(port, "another-run/2498"));
  await vi.waitFor(() => expect(sequence(stranger.frames())).toHaveLength(2500), 10_000);
});

it("sends the beginning of a long body, and says so", async () => {
  const { stream, add } = createStream();
  add("x".repeat(10_000));
  const page = collect(await connect(await serve(stream)));
  await vi.waitFor(() => expect(page.frames()[0]?.records).toHaveLength(1), 10_000);
  expect(page.frames()[0]?.records[0]).toMatchObject({ body: "x".repeat(2048), isCut: true });
});

it("says what is forgotten, to a page that is open", async () => {
  const { recorder, stream, add } = createStream();
  add();
  const page = collect(await connect(await serve(stream)));
  await vi.waitFor(() => expect(page.frames()).toHaveLength(1), 10_000);
  recorder.clear();
  await vi.waitFor(() => expect(page.frames().at(-1)).toMatchObject({ first: 2, records: [] }), 10_000);
});

it("holds nothing for a page that does not read, and lets it catch up with what is left", async () => {
  const { stream, add } = createStream();
  const response = await connect(await serve(stream));
  for (let count = 0; count < 105_000; count++) add();
  const page = collect(response);
  await vi.waitFor(() => expect(page.text().includes('"seq":105000')).toBe(true), {
    timeout: 25_000,
    interval: 200,
  });
  const seen = sequence(page.frames());
  expect(seen.every((seq, index) => index === 0 || seq > (seen[index - 1] ?? 0))).toBe(true);
  expect(seen.length).toBeGreaterThanOrEqual(100_000);
});
