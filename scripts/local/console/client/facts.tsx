/** Names with their values, those that have one. */
export function Facts({ of }: { readonly of: readonly (readonly [name: string, value: string])[] }) {
  const facts = of.filter(([, value]) => value !== "");
  return (
    <dl class="facts">
      {facts.flatMap(([name, value], index) => [
        <dt key={`${index} name`}>{name}</dt>,
        <dd key={index} class="mono">
          {value}
        </dd>,
      ])}
    </dl>
  );
}
