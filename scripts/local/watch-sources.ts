import { existsSync, watch } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);

/** Whatever a bundle is made from: those of the functions, and that of the console. */
const folders = ["functions", "shared", "scripts/build", "scripts/local/console/client"];

/** Editors write a file in several steps, and tools many files at once. */
const SETTLE_MS = 60;

/**
 * Calls back a moment after sources changed; never while the callback's last promise is pending, and once more if they
 * changed meanwhile.
 *
 * @param onChange must not reject
 * @returns a function that ends it
 */
export function watchSources(onChange: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  const schedule = () => {
    clearTimeout(timer);
    timer = setTimeout(run, SETTLE_MS);
  };
  const run = async () => {
    if (isBusy) return schedule();
    isBusy = true;
    await onChange();
    isBusy = false;
  };
  const watchers = folders
    .map((folder) => fileURLToPath(new URL(folder, root)))
    .filter((path) => existsSync(path))
    .map((path) => watch(path, { recursive: true }, schedule));
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
