// Which sessions are shown: by state, by agent, with or without archived ones. Links, so that the address says it.
"use client";

import { useRouter } from "next/navigation";
import { visibleExactly, visibleName } from "../../lib/visible-text.ts";
import { useAgents } from "../agents/use-agents.ts";
import { FilterChip, FilterChips } from "../components/filter-chip.tsx";
import { Archive } from "../components/icons/icons.tsx";
import { Select } from "../components/ui/input.tsx";
import { useWaitingSessions } from "../components/use-waiting-sessions.ts";
import { FILTER_STATES, filterPath, type SessionFilter } from "./session-filter.ts";

export function SessionFilters({ filter }: { filter: SessionFilter }) {
  const router = useRouter();
  const agents = useAgents();
  const waiting = useWaitingSessions().data?.sessions.length ?? 0;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2">
      <FilterChips label="State">
        {FILTER_STATES.map(({ state, word }) => (
          <FilterChip key={state} href={filterPath({ ...filter, state })} chosen={filter.state === state}>
            {word}
            {state === "waiting" && waiting > 0 && <span className="font-semibold tabular-nums">{waiting}</span>}
          </FilterChip>
        ))}
      </FilterChips>
      <div className="flex min-w-0 items-center gap-2 max-md:basis-full md:flex-1 md:justify-end">
        <Select
          aria-label="Agent"
          className="w-auto max-w-56 min-w-0 max-md:flex-1"
          value={filter.agentId ?? ""}
          onChange={(event) => router.push(filterPath({ ...filter, agentId: event.target.value || null }))}
        >
          <option value="">All agents</option>
          {filter.agentId && !agents.data?.some(({ id }) => id === filter.agentId) && (
            <option value={filter.agentId}>{visibleExactly(filter.agentId)}</option>
          )}
          {agents.data?.map((agent) => (
            <option key={agent.id} value={agent.id}>
              {visibleName(agent.name)}
            </option>
          ))}
        </Select>
        <FilterChip href={filterPath({ ...filter, archived: !filter.archived })} chosen={filter.archived}>
          <Archive aria-hidden className="size-3.5" /> {filter.archived ? "Hide archived" : "Show archived"}
        </FilterChip>
      </div>
    </div>
  );
}
