import { problems } from "../../../../shared/http/problem.ts";
import { type Filter, isFiltering, noFilter } from "./filter.ts";
import { functions } from "./functions.ts";

interface Props {
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

const statuses = ["open", "accepted", "refused", "failed"];
const numbers = [202, 207, ...Object.values(problems).map(({ status }) => status)];
const choices = [...statuses, ...[...new Set(numbers)].sort((a, b) => a - b).map(String)];

/** Chooses what the list shows. */
export function FilterBar({ filter, onFilter }: Props) {
  const set = (part: Partial<Filter>) => onFilter({ ...filter, ...part });
  const domains = functions.filter(({ name }) => filter.function === "" || filter.function === name);
  const types = domains.flatMap(({ events }) => Object.keys(events));
  return (
    <search class="filter">
      <input
        type="search"
        class="text"
        aria-label="Search"
        placeholder="Search bodies and ids"
        value={filter.text}
        onInput={({ currentTarget }) => set({ text: currentTarget.value })}
      />
      <input
        type="search"
        aria-label="User"
        placeholder="User"
        value={filter.user}
        onInput={({ currentTarget }) => set({ user: currentTarget.value })}
      />
      <Choice
        label="Function"
        value={filter.function}
        options={functions.map(({ name }) => name)}
        onChoose={(name) => set({ function: name, type: "" })}
      />
      <Choice label="Type" value={filter.type} options={types} onChoose={(type) => set({ type })} />
      {filter.view === "requests" && (
        <>
          <Choice label="Status" value={filter.status} options={choices} onChoose={(status) => set({ status })} />
          <Choice label="Code" value={filter.code} options={Object.keys(problems)} onChoose={(code) => set({ code })} />
        </>
      )}
      {isFiltering(filter) && (
        <button type="button" onClick={() => onFilter({ ...noFilter, view: filter.view })}>
          Show all
        </button>
      )}
    </search>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChoose: (value: string) => void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
      <option value="">{`Any ${label.toLowerCase()}`}</option>
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}
