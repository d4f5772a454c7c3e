/**
 * `NODE_OPTIONS` of every process that runs a function. The platform adds its own `--max-old-space-size` to it.
 *
 * Left alone, V8's young generation grows to 128 MiB under load, beyond what `--max-old-space-size` bounds: at 80 requests
 * at once a process peaked at 225 MB, with this at 146, at the same CPU an event.
 */
export const nodeOptions = "--max-semi-space-size=16";

/** What we read of an npm lockfile (version 3): packages by their place, `node_modules/a/node_modules/b`. */
interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

const FRAMEWORK = "@google-cloud/functions-framework";

/**
 * Makes the package that a deployed function is: the bundle, and functions-framework pinned exactly.
 *
 * Its lockfile is cut from the project's own, so that what was tested is what is installed, and building needs no network.
 *
 * @param name the function's name
 * @param sample an event that it takes
 * @param project the project's package.json
 * @param lock the project's package-lock.json
 * @returns both files' contents
 */
export function toDeployedPackage(
  name: string,
  sample: unknown,
  project: { readonly version: string; readonly engines: { readonly node: string } },
  lock: Lockfile,
): { readonly manifest: object; readonly lockfile: object } {
  const version = lock.packages[`node_modules/${FRAMEWORK}`]?.version;
  if (version === undefined) throw new Error(`package-lock.json does not hold ${FRAMEWORK}.`);
  const manifest = {
    name: `pulsecart-${name}`,
    version: project.version,
    private: true,
    main: "index.cjs",
    // Google's buildpack runs it after `npm ci`; any other script of a build it would leave alone.
    scripts: { "gcp-build": "node make-code-cache.cjs" },
    config: { sample },
    engines: { node: project.engines.node },
    dependencies: { [FRAMEWORK]: version },
  };
  const { main: _main, private: _private, scripts: _scripts, config: _config, ...root } = manifest;
  return {
    manifest,
    lockfile: {
      name: manifest.name,
      version: manifest.version,
      lockfileVersion: 3,
      requires: true,
      packages: { "": root, ...collectPackages(lock, FRAMEWORK) },
    },
  };
}

/** A package and all that it needs, each at the place where Node finds it. */
function collectPackages(lock: Lockfile, name: string): Record<string, LockedPackage> {
  const found: Record<string, LockedPackage> = {};
  const visit = (dependency: string, from: string, isOptional: boolean) => {
    const place = resolvePlace(lock, dependency, from);
    if (place === undefined) {
      if (isOptional) return;
      throw new Error(`package-lock.json does not hold ${dependency}, which ${from || "the function"} needs.`);
    }
    if (found[place]) return;
    const { dev: _dev, devOptional: _devOptional, ...locked } = lock.packages[place] as LockedPackage;
    found[place] = locked;
    for (const next of Object.keys(locked.dependencies ?? {})) visit(next, place, false);
    for (const next of Object.keys(locked.optionalDependencies ?? {})) visit(next, place, true);
  };
  visit(name, "", false);
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where `require(name)` ends up for a package at `from`: in its own folder, or in one further up. */
function resolvePlace(lock: Lockfile, name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf("/node_modules/"), 0))) {
    const place = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (lock.packages[place]) return place;
    if (folder === "") return undefined;
  }
}
