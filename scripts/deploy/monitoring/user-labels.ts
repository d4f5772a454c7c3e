interface Labelled {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly userLabels?: Readonly<Record<string, string>>;
}

/**
 * Takes the resource that carries these labels out of a list. Not by gcloud's `--filter`, which some of its lists send to the
 * server, in whose own language it would have to be.
 *
 * @throws Error where there are several: somebody has copied one with its labels
 */
export function selectOne(
  printed: unknown,
  wanted: { readonly [Field in "labels" | "userLabels"]?: Readonly<Record<string, string>> },
): unknown {
  const found = (printed as readonly Labelled[]).filter((each) =>
    (["labels", "userLabels"] as const).every((field) =>
      Object.entries(wanted[field] ?? {}).every(([key, value]) => each[field]?.[key] === value),
    ),
  );
  if (found.length > 1) {
    const names = found.map(({ name }) => name).join(", ");
    throw new Error(`several have the same labels: ${names}; delete all but one, or change their labels`);
  }
  return found[0];
}
