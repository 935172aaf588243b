// Which requests are shown. Links and a form, so that the address says it.
"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { visibleExactly } from "../../lib/visible-text.ts";
import { FilterChip, FilterChips } from "../components/filter-chip.tsx";
import { X } from "../components/icons/icons.tsx";
import { Button } from "../components/ui/button.tsx";
import { Input } from "../components/ui/input.tsx";
import { type NetworkFilter, networkPath, SHOWS, SOURCES } from "./network-filter.ts";

export function NetworkFilters({ filter }: { filter: NetworkFilter }) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2">
      <FilterChips label="Decision">
        {SHOWS.map(({ show, word }) => (
          <FilterChip key={show} href={networkPath({ ...filter, show })} chosen={filter.show === show}>
            {word}
          </FilterChip>
        ))}
      </FilterChips>
      <FilterChips label="Asked by">
        {SOURCES.map(({ source, word }) => {
          const chosen = filter.source === source;
          return (
            <FilterChip key={source} href={networkPath({ ...filter, source: chosen ? null : source })} chosen={chosen}>
              {word}
            </FilterChip>
          );
        })}
      </FilterChips>
      <HostForm key={filter.host ?? ""} filter={filter} />
      {filter.sessionId && (
        <Chosen what="Session" id={filter.sessionId} without={networkPath({ ...filter, sessionId: null })} />
      )}
      {filter.environmentId && (
        <Chosen
          what="Environment"
          id={filter.environmentId}
          without={networkPath({ ...filter, environmentId: null })}
        />
      )}
    </div>
  );
}

function HostForm({ filter }: { filter: NetworkFilter }) {
  const router = useRouter();
  const [host, setHost] = useState(filter.host ?? "");
  return (
    <form
      className="flex min-w-0 items-center gap-1 max-md:basis-full md:ml-auto"
      onSubmit={(event) => {
        event.preventDefault();
        router.push(networkPath({ ...filter, host: host.trim() || null }));
      }}
    >
      <Input
        aria-label="Host"
        placeholder="Host, or *.example.com"
        className="min-w-0 md:w-64"
        spellCheck={false}
        autoCapitalize="none"
        value={host}
        onChange={(event) => setHost(event.target.value)}
      />
      <Button type="submit">Show</Button>
    </form>
  );
}

function Chosen({ what, id, without }: { what: string; id: string; without: string }) {
  return (
    <span className="flex min-w-0 items-center gap-1 rounded-md bg-sunken pl-2 text-[13px]">
      {what} <span className="min-w-0 truncate font-mono text-xs">{visibleExactly(id)}</span>
      <Button asChild look="quiet" size="icon">
        <Link href={without} aria-label={`${what}: show all`} title={`${what}: show all`}>
          <X aria-hidden />
        </Link>
      </Button>
    </span>
  );
}
