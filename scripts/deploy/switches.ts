/** What `npm run switch` sets, by the name that is typed. */
export const switches = {
  "payload-checks": { variable: "PAYLOAD_CHECKS", values: ["report", "off"] },
  "log-level": { variable: "LOG_LEVEL", values: ["debug", "info", "warning", "error"] },
} as const;

/** The revision's label that says that a variable was set by `npm run switch`, so that no deployment undoes it. */
export function switchedLabel(variable: "PAYLOAD_CHECKS" | "LOG_LEVEL"): string {
  return `switched-${variable.toLowerCase().replace("_", "-")}`;
}

export function isSwitchedLabel(label: string): boolean {
  return label.startsWith("switched-");
}
