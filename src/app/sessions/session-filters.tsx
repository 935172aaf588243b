// Which sessions are shown: by state, by agent, with or without archived ones. Links, so that the address says it.
"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { visibleExactly, visibleName } from "../../lib/visible-text.ts";
import { useAgents } from "../agents/use-agents.ts";
import { classNames } from "../components/class-names.ts";
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
      <nav aria-label="State" className="-mx-1 flex min-w-0 gap-1 overflow-x-auto p-1">
        {FILTER_STATES.map(({ state, word }) => (
          <Chip key={state} href={filterPath({ ...filter, state })} current={filter.state === state}>
            {word}
            {state === "waiting" && waiting > 0 && <span className="font-semibold tabular-nums">{waiting}</span>}
          </Chip>
        ))}
      </nav>
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
        <Chip href={filterPath({ ...filter, archived: !filter.archived })} current={filter.archived}>
          <Archive aria-hidden className="size-3.5" /> {filter.archived ? "Hide archived" : "Show archived"}
        </Chip>
      </div>
    </div>
  );
}

function Chip({ href, current, children }: { href: string; current: boolean; children: React.ReactNode }) {
  return (
    <Link
      href={href}
      aria-current={current ? "true" : undefined}
      className={classNames(
        "inline-flex h-8 shrink-0 items-center gap-1.5 rounded-md border px-2.5 text-[13px] whitespace-nowrap hover:bg-sunken max-md:h-[44px]",
        current ? "border-accent bg-accent-soft font-medium text-accent" : "border-line text-muted",
      )}
    >
      {children}
    </Link>
  );
}
