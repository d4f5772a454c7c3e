import { problems } from "../../../../shared/http/problem.ts";
import type { Filter } from "./filter.ts";
import { functions } from "./functions.ts";
import { type Mark, marks } from "./marks.ts";

interface Props {
  readonly filter: Filter;
  readonly counts: Readonly<Record<Mark, number>>;
  readonly onFilter: (part: Partial<Filter>) => void;
}

const statuses = ["open", "accepted", "refused", "failed"];
const numbers = [202, 207, ...Object.values(problems).map(({ status }) => status)];
const choices = [...statuses, ...[...new Set(numbers)].sort((a, b) => a - b).map(String)];

const hints: Readonly<Record<Mark, string>> = {
  "with warnings": "Accepted with a payload that differs from its schema",
  retried: "Published in more than one attempt",
  refused: "Answered 4xx, in whole or in part",
  slow: "Answered after 1 s or more",
};

/** Chooses what the list shows. */
export function FilterBar({ filter, counts, onFilter }: Props) {
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
        onInput={({ currentTarget }) => onFilter({ text: currentTarget.value })}
      />
      <input
        type="search"
        aria-label="User"
        placeholder="User"
        value={filter.user}
        onInput={({ currentTarget }) => onFilter({ user: currentTarget.value })}
      />
      <Choice
        label="Function"
        value={filter.function}
        options={functions.map(({ name }) => name)}
        onChoose={(name) => onFilter({ function: name, type: "" })}
      />
      <Choice label="Type" value={filter.type} options={types} onChoose={(type) => onFilter({ type })} />
      {filter.view === "requests" && (
        <>
          <Choice label="Status" value={filter.status} options={choices} onChoose={(status) => onFilter({ status })} />
          <Choice
            label="Code"
            value={filter.code}
            options={Object.keys(problems)}
            onChoose={(code) => onFilter({ code })}
          />
        </>
      )}
      {filter.view === "requests" && (
        <fieldset class="row marks" aria-label="What stands out">
          {marks.map((mark) => (
            <button
              key={mark}
              type="button"
              class={counts[mark] > 0 ? "chip" : "chip hint"}
              title={hints[mark]}
              aria-pressed={filter.mark === mark}
              onClick={() => onFilter({ mark: filter.mark === mark ? "" : mark })}
            >
              {mark} <b class={counts[mark] > 0 ? "loud" : ""}>{counts[mark].toLocaleString("en")}</b>
            </button>
          ))}
        </fieldset>
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
