/** Writes a gcloud filter for resources that carry these labels. */
export function toLabelFilter(field: "labels" | "userLabels", labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${field}.${key}="${value}"`)
    .join(" AND ");
}

/**
 * Takes the resource out of a list that was filtered down to it.
 *
 * @throws Error where there are several: somebody has copied one with its labels
 */
export function selectOne(printed: unknown): unknown {
  const found = printed as readonly { readonly name: string }[];
  if (found.length > 1) {
    const names = found.map(({ name }) => name).join(", ");
    throw new Error(`several have the same labels: ${names}; delete all but one, or change their labels`);
  }
  return found[0];
}
