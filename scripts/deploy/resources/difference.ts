/**
 * Compares what a resource is with what it should be, looking only at what is wanted: whatever else the resource has
 * (other labels, fields that the platform fills in) is left alone.
 *
 * @param found a resource as gcloud prints it
 * @param wanted the part of it that matters; `undefined` as a value says that the field must be absent
 * @returns the paths that differ, such as `messageStoragePolicy.allowedPersistenceRegions`
 */
export function findDifferences(found: unknown, wanted: Readonly<Record<string, unknown>>, path = ""): string[] {
  const actual: Record<string, unknown> = isRecord(found) ? found : {};
  return Object.entries(wanted).flatMap(([key, value]) => {
    const here = path === "" ? key : `${path}.${key}`;
    if (isRecord(value)) return findDifferences(actual[key], value, here);
    if (Array.isArray(value) && value.some(isRecord)) return findItemDifferences(actual[key], value, here);
    return JSON.stringify(actual[key]) === JSON.stringify(value) ? [] : [here];
  });
}

function findItemDifferences(found: unknown, wanted: readonly unknown[], here: string): string[] {
  if (!Array.isArray(found) || found.length !== wanted.length) return [here];
  return wanted.flatMap((item, index) => (isRecord(item) ? findDifferences(found[index], item, here) : []));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
