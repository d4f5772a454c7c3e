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
  const choice = (label: string, name: "function" | "type" | "status" | "code", options: readonly string[]) => (
    <select
      aria-label={label}
      value={filter[name]}
      onChange={({ currentTarget: { value } }) =>
        onFilter(name === "function" ? { function: value, type: "" } : { [name]: value })
      }
    >
      <option value="">Any {name}</option>
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
  const search = (label: string, name: "text" | "user", placeholder: string) => (
    <input
      type="search"
      class={name === "text" ? "text" : ""}
      aria-label={label}
      placeholder={placeholder}
      value={filter[name]}
      onInput={({ currentTarget }) => onFilter({ [name]: currentTarget.value })}
    />
  );
  return (
    <search class="filter">
      {search("Search", "text", "Search bodies and ids")}
      {search("User", "user", "User")}
      {choice(
        "Function",
        "function",
        functions.map(({ name }) => name),
      )}
      {choice(
        "Type",
        "type",
        domains.flatMap(({ events }) => Object.keys(events)),
      )}
      {filter.view === "requests" && (
        <>
          {choice("Status", "status", choices)}
          {choice("Code", "code", Object.keys(problems))}
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
        </>
      )}
    </search>
  );
}
