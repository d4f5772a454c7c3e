import type { RequestBody } from "./bodies.ts";

// Bodies that hold the thread for long where they are read in one go.

const BYTES = 9 * 1024 * 1024 - 1000;
const event = JSON.stringify({ event_type: "order.placed", user_id: "user", order_id: "order" });

/** A part so often that it fills a body. */
const fill = (part: string) =>
  Array(Math.floor(BYTES / (part.length + 1)))
    .fill(part)
    .join();
const payloadLast = (payload: string) => `${event.slice(0, -1)},"payload":${payload}}`;
const payloadFirst = (payload: string) => `{"payload":${payload},${event.slice(1)}`;
const tokens = `{"a":[${fill("1")}]}`;

/** Lines of a thousand users, of the given size. */
function toLines(bytes: number): string {
  const toLine = (_: unknown, i: number) =>
    payloadLast(`{"note":"${"a".repeat(bytes)}"}`).replace('"user"', `"user-${i}"`);
  return Array.from({ length: 1000 }, toLine).join("\n");
}

/** A payload of so many values. */
const values = (count: number, each: string) =>
  `{"total":1,"note":[${Array(count - 2)
    .fill(each)
    .join()}]}`;

/** Six entries a level: 9,330 values in five levels. */
const toRecords = (depth: number): string =>
  depth === 0 ? "1" : `{${Array.from({ length: 6 }, (_, i) => `"k${i}":${toRecords(depth - 1)}`).join()}}`;

/** As many values as are checked. */
export function toManyValues(): RequestBody {
  return toBody("/", payloadLast(values(9999, `"${"a".repeat(900)}"`)));
}

const bodies: Readonly<Record<string, () => RequestBody>> = {
  "9,999 values of 900 B": toManyValues,
  "9,999 values of 900 B in escapes": () => toBody("/", payloadLast(values(9999, `"${"\\u00e9".repeat(150)}"`))),
  "9,999 items, each with two faults": () =>
    toBody("/", payloadLast(`{"items":[${Array(9998).fill("{}").join()}],"total":1}`)),
  "1,000,000 values": () => toBody("/", payloadLast(values(1_000_000, "1"))),
  "records five deep": () =>
    toBody(
      "/",
      payloadLast(`{"deep":${toRecords(5)},"note":"${"x".repeat(7_000_000)}"}`).replace(
        '"order.placed"',
        '"reported.records"',
      ),
    ),
  "tiny values": () => toBody("/", payloadLast(tokens)),
  "tiny values, the payload before its type": () => toBody("/", payloadFirst(tokens)),
  "members repeated at every level": () => {
    const items = `{"items":1,"items":[{"product_id":1,"product_id":[${fill("1")}]}]}`;
    return toBody("/", `{"payload":1,${payloadFirst(items).slice(1)}`);
  },
  "a body of [": () => toBody("/", "[".repeat(BYTES)),
  "a batch of one event of tiny values": () => toBody("/events/batch", payloadFirst(tokens)),
  "a batch of 1,000 users, 9.9 kB each": () => toBody("/events/batch", toLines(9900)),
  "a batch of 1,000 users, 100 B each": () => toBody("/events/batch", toLines(100)),
  "a batch of 1,000 that are refused": () => toBody("/events/batch", "{}\n".repeat(1000)),
  "validate: a batch of 1,000, 9.9 kB each": () =>
    toBody("/events/validate", `[${toLines(9900).replaceAll("\n", ",")}]`),
  "validate: tiny values": () => toBody("/events/validate", payloadFirst(tokens)),
  "a batch of 10 MiB of line feeds": () => toBody("/events/batch", "\n".repeat(10 * 1024 * 1024 - 1)),
};

/** By what they are. */
export const longBodies: readonly (readonly [name: string, make: () => RequestBody])[] = Object.entries(bodies);

function toBody(path: string, text: string): RequestBody {
  return { path, parts: [Buffer.from(text)] };
}
