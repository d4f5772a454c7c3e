/** A log entry as Cloud Logging keeps it. */
export type LogEntry = Readonly<Record<string, unknown>>;

type Matcher = (entry: LogEntry) => boolean;

const severities = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];
const token = /\s*(?:("(?:[^"\\]|\\.)*")|(>=|<=|!=|=~|!~|[=<>:()])|([^\s"()<>=:!~]+))/gy;

/**
 * Reads a filter of Cloud Logging's query language, of which it knows comparisons (`=`, `!=`, `<`, `>`, `=~`, `:`, `:*`),
 * a list of values in parentheses, NOT, AND (also unsaid), OR and parentheses. OR binds closer than AND.
 *
 * @throws Error where it cannot be read: what is not known here must not pass for a match
 * @see https://cloud.google.com/logging/docs/view/logging-query-language
 */
export function parseLogFilter(text: string): Matcher {
  const trimmed = text.trim();
  const matches = [...trimmed.matchAll(token)];
  if (matches.map(([match]) => match).join("") !== trimmed) throw new Error(`cannot read the filter ${trimmed}`);
  const tokens = matches.map(([match]) => match.trim());
  const take = (wanted?: string): string => {
    const next = tokens.shift();
    if (next === undefined || (wanted !== undefined && next !== wanted)) throw new Error(`cannot read ${trimmed}`);
    return next;
  };

  function parseAll(): Matcher {
    const terms = [parseAny()];
    while (tokens.length > 0 && tokens[0] !== ")") {
      if (tokens[0] === "AND") take();
      terms.push(parseAny());
    }
    return (entry) => terms.every((term) => term(entry));
  }

  function parseAny(): Matcher {
    const terms = [parseTerm()];
    while (tokens[0] === "OR") {
      take();
      terms.push(parseTerm());
    }
    return (entry) => terms.some((term) => term(entry));
  }

  function parseTerm(): Matcher {
    const first = take();
    if (first === "NOT") {
      const term = parseTerm();
      return (entry) => !term(entry);
    }
    if (first === "(") {
      const inner = parseAll();
      take(")");
      return inner;
    }
    const operator = take();
    const values = tokens[0] === "(" ? takeList() : [take()];
    return (entry) => values.some((value) => compare(readField(entry, first), operator, value, first === "severity"));
  }

  function takeList(): string[] {
    take("(");
    const values = [take()];
    while (tokens[0] === "OR") {
      take();
      values.push(take());
    }
    take(")");
    return values;
  }

  return parseAll();
}

function readField(entry: LogEntry, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], entry);
}

function compare(field: unknown, operator: string, token: string, isSeverity: boolean): boolean {
  if (field === undefined) return operator === "!=" || operator === "!~";
  if (operator === ":" && token === "*") return true;
  const value = token.startsWith('"') ? (JSON.parse(token) as string) : token;
  if (operator === "=~" || operator === "!~") return new RegExp(value).test(String(field)) === (operator === "=~");
  if (operator === ":") return String(field).toLowerCase().includes(value.toLowerCase());
  const order = isSeverity
    ? severities.indexOf(String(field)) - severities.indexOf(value)
    : typeof field === "number"
      ? field - Number(value)
      : // Logging compares text without regard to case.
        String(field).toLowerCase().localeCompare(value.toLowerCase());
  const outcomes: Readonly<Record<string, boolean>> = {
    "=": order === 0,
    "!=": order !== 0,
    "<": order < 0,
    "<=": order <= 0,
    ">": order > 0,
    ">=": order >= 0,
  };
  const outcome = outcomes[operator];
  if (outcome === undefined) throw new Error(`cannot compare with ${operator}`);
  return outcome;
}

/** Makes of a function's line what Cloud Logging makes of it: the severity and the trace leave the payload. */
export function toLogEntry(line: Readonly<Record<string, unknown>>, serviceName: string): LogEntry {
  const { severity = "DEFAULT", "logging.googleapis.com/trace": trace, ...jsonPayload } = line;
  const resource = { type: "cloud_run_revision", labels: { service_name: serviceName } };
  return { resource, severity, trace, jsonPayload };
}
