import { readFileSync } from "node:fs";
import type { ParseArgsOptionsConfig } from "node:util";
import { type FunctionName, functionNames } from "../../shared/events/registry.ts";
import { UsageError } from "../common/command.ts";
import type { FunctionSettings } from "./function-settings.ts";

export const settingsUsage = `  --max-instances N|FUNCTION=N         the most instances of all functions or of one; may be repeated, or be a list
  --min-instances N|FUNCTION=N         instances that are kept warm
  --concurrency N|FUNCTION=N           requests that one instance takes at once
  --settings FILE                      the same as JSON, one file an environment:
                                       {"commerce": {"maxInstances": 20, "minInstances": 1, "concurrency": 80, "logLevel": "info"}}
                                       What neither an option nor the file names stays as it is deployed.
`;

export const settingsOptions = {
  "max-instances": { type: "string", multiple: true },
  "min-instances": { type: "string", multiple: true },
  concurrency: { type: "string", multiple: true },
  settings: { type: "string" },
} as const satisfies ParseArgsOptionsConfig;

/** What the command line and the file of settings name, by function. */
export type NamedSettings = Readonly<Record<FunctionName, Partial<FunctionSettings>>>;

/** The bounds of each number, in Cloud Run's own words. */
const bounds = { maxInstances: [1, 1000], minInstances: [0, 1000], concurrency: [1, 1000] } as const;
const logLevels = ["debug", "info", "warning", "error"];
const optionNames = {
  "max-instances": "maxInstances",
  "min-instances": "minInstances",
  concurrency: "concurrency",
} as const;

interface Values extends Partial<Record<keyof typeof optionNames, string[] | undefined>> {
  readonly settings?: string | undefined;
}

/**
 * Reads the settings of each function; an option counts for more than the file.
 *
 * @throws UsageError for the first thing that is wrong, which names the option or the file's key
 */
export function readNamedSettings(values: Values): NamedSettings {
  const named = Object.fromEntries(functionNames.map((name) => [name, {}])) as Record<
    FunctionName,
    Partial<Record<keyof FunctionSettings, number | string>>
  >;
  if (values.settings !== undefined) readFile(values.settings, named);
  for (const [option, setting] of Object.entries(optionNames) as [keyof typeof optionNames, keyof typeof bounds][]) {
    for (const item of (values[option] ?? []).flatMap((value) => value.split(","))) {
      const [, functionName, number] = /^(?:([^=]*)=)?(.*)$/s.exec(item) ?? [];
      const names = functionName === undefined ? functionNames : functionNames.filter((name) => name === functionName);
      if (names.length === 0) {
        throw new UsageError(
          `--${option}: there is no function ${JSON.stringify(functionName)}; there are ${functionNames.join(", ")}`,
        );
      }
      if (!/^\d+$/.test(number ?? ""))
        throw new UsageError(`--${option} must be N or FUNCTION=N, not ${JSON.stringify(item)}`);
      const fault = findFault(setting, Number(number));
      if (fault !== undefined) throw new UsageError(`--${option} ${fault}, not ${number}`);
      for (const name of names) named[name][setting] = Number(number);
    }
  }
  return named as NamedSettings;
}

function readFile(file: string, named: Record<FunctionName, Partial<Record<keyof FunctionSettings, number | string>>>) {
  let settings: unknown;
  try {
    settings = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`--settings ${file}: ${(error as Error).message}`);
  }
  if (!isRecord(settings)) throw new UsageError(`--settings ${file} must be an object of functions`);
  for (const [name, ofFunction] of Object.entries(settings)) {
    const key = (setting?: string) => `--settings ${file}: ${setting === undefined ? name : `${name}.${setting}`}`;
    if (!(functionNames as readonly string[]).includes(name)) {
      throw new UsageError(`${key()} is no function; there are ${functionNames.join(", ")}`);
    }
    if (!isRecord(ofFunction)) throw new UsageError(`${key()} must be an object of settings`);
    for (const [setting, value] of Object.entries(ofFunction)) {
      const fault = findFault(setting, value);
      if (fault !== undefined) throw new UsageError(`${key(setting)} ${fault}`);
      named[name as FunctionName][setting as keyof FunctionSettings] = value as number | string;
    }
  }
}

/** Says what is wrong with a setting; undefined where nothing is. */
function findFault(setting: string, value: unknown): string | undefined {
  if (setting === "logLevel") {
    return logLevels.includes(value as string) ? undefined : `must be one of ${logLevels.join(", ")}`;
  }
  if (!Object.hasOwn(bounds, setting)) return `is no setting; there are ${Object.keys(bounds).join(", ")}, logLevel`;
  const [least, most] = bounds[setting as keyof typeof bounds];
  const isInRange = Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
  return isInRange ? undefined : `must be a whole number from ${least} to ${most}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
