import { styleText } from "node:util";
import type { Domain } from "../../shared/events/domain.ts";
import type { ArrivedMessage } from "../pubsub/open-subscription.ts";
import type { Summary } from "./console/exchange.ts";
import { parseJson } from "./console/parse-json.ts";
import type { Detail } from "./options.ts";

type Style = Parameters<typeof styleText>[0];

/** What a terminal shows of a body; the rest is for the console and its likes. */
const LONGEST_BODY = 2000;
/** A user's id may have a thousand characters. */
const LONGEST_ID = 64;

/** C0 but for tab and line feed, DEL and C1: what could steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

const severityStyles: Readonly<Record<string, Style>> = { WARNING: "yellow", ERROR: "red" };
/** One after the other, however many functions there are. */
const functionStyles: readonly Style[] = ["cyan", "magenta", "blue", "green", "yellow", "white"];

/** Writes what happens in the local stack, readable, in colour where the output is a terminal. */
export class Printer {
  detail: Detail;
  readonly #names: readonly string[];
  readonly #write: (text: string) => void;
  readonly #indent: string;

  /**
   * @param names of the functions, each of which gets a colour
   * @param write takes whole lines
   */
  constructor(
    names: readonly string[],
    detail: Detail = "normal",
    write: (text: string) => void = (text) => process.stdout.write(text),
  ) {
    this.#names = names;
    this.detail = detail;
    this.#write = write;
    this.#indent = " ".repeat(Math.max(...names.map((name) => name.length)) + 1);
  }

  /** A request that was answered: one line, louder where it was refused or failed. */
  request({ method, path, answer, events, body }: Summary): void {
    const { status, ms } = answer;
    const isGood = status >= 200 && status < 300 && answer.outcomes.every((outcome) => outcome.status < 300);
    if (isGood && this.detail === "quiet") return;
    const text = `${method} ${printable(path)} ${status || "(caller gone)"} ${describeAnswer(answer, events)}`;
    const line = `${toTime(answer.at)} ${toLine(text)} ${Math.round(ms)} ms`;
    const loud: Style = status >= 500 || status === 0 ? ["bold", "red"] : ["bold", "yellow"];
    this.#write(`${isGood ? line : style(loud, line)}\n`);
    if (this.detail === "verbose") this.#body(body, body.length);
  }

  /** A message that reached a topic: one line. */
  message({ name, topic }: Pick<Domain, "name" | "topic">, message: ArrivedMessage): void {
    if (this.detail === "quiet") return;
    const { event_type = "(no event_type)", event_id = "(no event_id)", payload_faults } = message.attributes;
    const facts = [event_type, event_id, message.orderingKey.slice(0, LONGEST_ID), `message ${message.messageId}`];
    const faults = payload_faults ? style("yellow", `  payload_faults: ${toLine(payload_faults)}`) : "";
    const line = `${this.#label(name)}${style("green", "▶")} ${facts.map(toLine).join("  ")} on ${topic}`;
    this.#write(`${toTime(message.publishTime)} ${line}${faults}\n`);
    if (this.detail === "verbose") this.#body(message.data.toString(), message.data.length);
  }

  /** A line that a function's process wrote: of a structured one the message and what distinguishes it. */
  line(name: string, text: string): void {
    const { severity, message, environment: _, ...fields } = parseLog(text);
    // What went well, or was the caller's fault, has its line as a request.
    if (this.detail !== "verbose" && (severity === "INFO" || severity === "DEBUG")) return;
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

  #body(text: string, bytes: number): void {
    if (text === "") return;
    const cut = text.length > LONGEST_BODY ? `${text.slice(0, LONGEST_BODY)}… (${bytes} bytes)` : text;
    const lines = cut.split("\n").map((line) => `${this.#indent}  ${printable(line)}\n`);
    this.#write(style("dim", lines.join("")));
  }

  #label(name: string): string {
    const colour = functionStyles[this.#names.indexOf(name) % functionStyles.length] ?? "reset";
    return style(colour, name.padEnd(this.#indent.length));
  }
}

/** What became of it, in a few words: of a batch the numbers, of a refused event its faults. */
function describeAnswer({ body, outcomes }: Summary["answer"], events: Summary["events"]): string {
  const { code, detail, errors, warnings, results } = (parseJson(body) ?? {}) as Readonly<Record<string, unknown>>;
  if (Array.isArray(results)) {
    const counts = new Map<string, number>();
    for (const { status, code: name } of outcomes) {
      const label = name || String(status);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return [...counts].map(([label, number]) => `${number} × ${label}`).join(", ");
  }
  if (typeof code === "string") return `${code} ${listFaults(errors) || detail}`;
  const [{ type = "", user = "" } = {}] = events;
  const faults = listFaults(warnings);
  const id = outcomes[0]?.id ?? "";
  return [type, id, user.slice(0, LONGEST_ID), faults && `warnings: ${faults}`].filter(Boolean).join(" ");
}

function listFaults(faults: unknown): string {
  if (!Array.isArray(faults)) return "";
  return faults.map(({ path, message }) => `${path} ${message}`.trim()).join(", ");
}

function parseLog(text: string): Record<string, unknown> {
  const entry = parseJson(text);
  if (typeof entry === "object" && entry !== null && "message" in entry) return { ...entry };
  // Not a structured line: a stack trace, or a warning of Node's.
  return { severity: "ERROR", message: text };
}

function toFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${name}=${printable(String(value))}`)
    .join("  ");
}

/** Of the developer's own day, as on the clock beside the terminal. */
function toTime(at: number): string {
  return style("dim", new Date(at).toTimeString().slice(0, 8));
}

/** What callers wrote makes no line of its own. */
function toLine(text: string): string {
  return printable(text).replaceAll("\n", "\u23ce");
}

function printable(text: string): string {
  return text.replace(CONTROL, "\ufffd");
}

/** In colour only where stdout is a terminal and NO_COLOR is not set. */
function style(format: Style, text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
