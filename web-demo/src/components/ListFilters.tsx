import { knownStatuses } from "../data/model";
import type { ListFilter } from "../data/registrationList";
import { humanise } from "../format";
import { Icon } from "./Icon";

interface ListFiltersProps {
  readonly filter: ListFilter;
  readonly total: number;
  /** How many registrations each status has. */
  readonly counts: ReadonlyMap<string, number>;
  readonly onChange: (filter: ListFilter) => void;
}

export function ListFilters({ filter, total, counts, onChange }: ListFiltersProps) {
  // A status that is not declared gets a filter once a registration has it.
  const statuses = [...new Set<string>([...knownStatuses, ...counts.keys()])];
  return (
    <div className="filters">
      <div className="chips" role="group" aria-label="Filter by status">
        <Chip
          label="All"
          count={total}
          isChosen={filter.status === null}
          onChoose={() => onChange({ ...filter, status: null })}
        />
        {statuses.map((status) => (
          <Chip
            key={status}
            label={humanise(status)}
            count={counts.get(status) ?? 0}
            isChosen={filter.status === status}
            onChoose={() => onChange({ ...filter, status })}
          />
        ))}
      </div>
      <label className="search">
        <span className="visually-hidden">Search by name, number, phone or branch</span>
        <Icon name="search" />
        <input
          type="search"
          placeholder="Name, number, branch…"
          value={filter.search}
          onChange={(event) => onChange({ ...filter, search: event.target.value })}
        />
      </label>
    </div>
  );
}

interface ChipProps {
  readonly label: string;
  readonly count: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Chip({ label, count, isChosen, onChoose }: ChipProps) {
  return (
    <button type="button" className="chip" aria-pressed={isChosen} onClick={onChoose}>
      <bdi>{label}</bdi> <span className="chip-count">{count}</span>
    </button>
  );
}
