import { expect, it } from "vitest";
import { Printer } from "./printer.ts";

function print(action: (printer: Printer) => void): string {
  let output = "";
  action(
    new Printer(["user-actions", "commerce"], (text) => {
      output += text;
    }),
  );
  return output;
}

const commerce = { name: "commerce", topic: "pulsecart.commerce-events" };
const message = {
  data: Buffer.from('{"event_type":"order.placed","total":100000000000000000000000000001}'),
  orderingKey: "usr_1",
  attributes: { event_type: "order.placed", event_id: "evt_1", googclient_traceparent: "00-1-2-01" },
  messageId: "7",
  publishTime: Date.UTC(2026, 0, 1),
};

it("prints a message with all that came with it, the body digit for digit", () => {
  expect(print((printer) => printer.message(commerce, message))).toBe(
    [
      "commerce     ▶ order.placed on pulsecart.commerce-events",
      "               message_id=7  event_id=evt_1  ordering_key=usr_1  publish_time=2026-01-01T00:00:00.000Z  googclient_traceparent=00-1-2-01",
      '               {"event_type":"order.placed","total":100000000000000000000000000001}',
      "",
    ].join("\n"),
  );
});

it("lets no message steer the terminal", () => {
  const hostile = { ...message, data: Buffer.from('"\u001b[2J\u009b\r"'), orderingKey: "\u001b]0;title\u0007" };
  const output = print((printer) => printer.message(commerce, hostile));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(output).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
});

it("cuts a long body, and says how long it is", () => {
  const long = { ...message, data: Buffer.from(`"${"x".repeat(5000)}"`) };
  expect(print((printer) => printer.message(commerce, long))).toMatch(/x… \(5002 bytes\)\n$/);
});

it.each([
  [
    '{"severity":"INFO","message":"Event accepted","environment":"dev","latency_ms":3.1}',
    "Event accepted  latency_ms=3.1",
  ],
  ["Error: something broke", "Error: something broke  "],
  ["null", "null  "],
])("prints the line %s of a function", (line, expected) => {
  expect(print((printer) => printer.line("commerce", line))).toBe(`commerce       ${expected}\n`);
});
