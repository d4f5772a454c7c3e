import type { Domain } from "../../../../shared/events/domain.ts";
import { domains } from "../../../../shared/events/registry.ts";
import type { Filter } from "./filter.ts";

const all: readonly Domain[] = Object.values(domains);

interface Props {
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

/** Chooses which messages are shown. */
export function FilterBar({ filter, onFilter }: Props) {
  const ofTopic = all.filter(({ topic }) => filter.topic === "" || filter.topic === topic);
  return (
    <fieldset class="row filter">
      <legend class="hidden">Show only</legend>
      <select
        aria-label="Topic"
        value={filter.topic}
        onChange={({ currentTarget }) => onFilter({ ...filter, topic: currentTarget.value, type: "" })}
      >
        <option value="">all topics</option>
        {all.map(({ topic }) => (
          <option key={topic}>{topic}</option>
        ))}
      </select>
      <select
        aria-label="Type"
        value={filter.type}
        onChange={({ currentTarget }) => onFilter({ ...filter, type: currentTarget.value })}
      >
        <option value="">all types</option>
        {ofTopic
          .flatMap(({ events }) => Object.keys(events))
          .map((type) => (
            <option key={type}>{type}</option>
          ))}
      </select>
      <input
        type="search"
        aria-label="User"
        placeholder="user"
        value={filter.user}
        onInput={({ currentTarget }) => onFilter({ ...filter, user: currentTarget.value })}
      />
    </fieldset>
  );
}
