import { styleText } from "node:util";
import type { Domain } from "../../shared/events/domain.ts";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";

type Style = Parameters<typeof styleText>[0];

/** What a terminal shows of a body; the rest is for the console and its likes. */
const LONGEST_BODY = 2000;

/** C0 but for tab and line feed, DEL and C1: what could steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

const severityStyles: Readonly<Record<string, Style>> = { WARNING: "yellow", ERROR: "red" };
const functionStyles: readonly Style[] = ["cyan", "magenta", "blue"];

/** Writes what happens in the local stack, readable, in colour where the output is a terminal. */
export class Printer {
  readonly #names: readonly string[];
  readonly #write: (text: string) => void;
  readonly #indent: string;

  /**
   * @param names of the functions, each of which gets a colour
   * @param write takes whole lines
   */
  constructor(names: readonly string[], write: (text: string) => void = (text) => process.stdout.write(text)) {
    this.#names = names;
    this.#write = write;
    this.#indent = " ".repeat(Math.max(...names.map((name) => name.length)) + 1);
  }

  /** A message that reached a topic, with its body as it arrived. */
  message(domain: Pick<Domain, "name" | "topic">, message: ArrivedMessage): void {
    const { event_type = "(no event_type)", event_id, ...attributes } = message.attributes;
    const facts = {
      message_id: message.messageId,
      event_id,
      ordering_key: message.orderingKey,
      publish_time: new Date(message.publishTime).toISOString(),
      ...attributes,
    };
    const body = message.data.toString();
    const cut = body.length > LONGEST_BODY ? `${body.slice(0, LONGEST_BODY)}… (${message.data.length} bytes)` : body;
    const lines = [
      `${this.#label(domain.name)}${style("green", "▶")} ${style("bold", printable(event_type))} on ${domain.topic}`,
      `${this.#indent}  ${style("dim", toFields(facts))}`,
      ...cut.split("\n").map((line) => `${this.#indent}  ${printable(line)}`),
    ];
    this.#write(`${lines.join("\n")}\n`);
  }

  /** A line that a function's process wrote: of a structured one the message and what distinguishes it. */
  line(name: string, text: string): void {
    const { severity, message, environment: _, ...fields } = parseLog(text);
    // The trace of a request is in its message's attributes; its key here is long, and the same for every project.
    delete fields["logging.googleapis.com/trace"];
    const styled = style(
      severityStyles[String(severity)] ?? "dim",
      `${printable(String(message))}  ${toFields(fields)}`,
    );
    this.#write(`${this.#label(name)}  ${styled}\n`);
  }

  /** What the stack itself has to say; may have several lines. */
  note(text: string): void {
    this.#write(`${text}\n`);
  }

  #label(name: string): string {
    const colour = functionStyles[this.#names.indexOf(name) % functionStyles.length] ?? "reset";
    return style(colour, name.padEnd(this.#indent.length));
  }
}

function parseLog(text: string): Record<string, unknown> {
  try {
    const entry: unknown = JSON.parse(text);
    if (typeof entry === "object" && entry !== null && "message" in entry) return { ...entry };
  } catch {
    // Not a structured line: a stack trace, or a warning of Node's.
  }
  return { severity: "ERROR", message: text };
}

function toFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${name}=${printable(String(value))}`)
    .join("  ");
}

function printable(text: string): string {
  return text.replace(CONTROL, "\ufffd");
}

/** In colour only where stdout is a terminal and NO_COLOR is not set. */
function style(format: Style, text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
