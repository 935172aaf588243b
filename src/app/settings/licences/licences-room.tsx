// Every package that this release is built with, its licence, and the licence's text on a click.
"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { visibleExactly, visibleProse } from "../../../lib/visible-text.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Input } from "../../components/ui/input.tsx";
import { useBerth } from "../../providers.tsx";

export function LicencesRoom() {
  const berth = useBerth();
  const [wanted, setWanted] = useState("");
  const query = useQuery({
    queryKey: ["licences"],
    queryFn: ({ signal }) => berth.licences.list(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const words = wanted.toLowerCase();
  const found = query.data?.data.filter((one) => `${one.name} ${one.licence}`.toLowerCase().includes(words)) ?? [];
  return (
    <>
      <PageHeader title="Licences">
        <Input
          type="search"
          aria-label="Find a package"
          placeholder="Find a package"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      </PageHeader>
      {query.isPending && <ListSkeleton label="Reading the licences" />}
      {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && (
        <div className="grid max-w-3xl grid-cols-[minmax(0,1fr)] gap-3 p-4">
          <p className="text-muted">
            Berth itself is under the MIT licence. It is built with {query.data.data.length} packages:
          </p>
          {found.length === 0 && <p>No package is called so.</p>}
          <ul className="rounded-md border border-line">
            {found.map((one) => (
              <li key={`${one.name}@${one.version}`} className="border-b border-line last:border-0">
                <Package {...one} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function Package({
  name,
  version,
  licence,
  text,
}: {
  name: string;
  version: string;
  licence: string;
  text: string | null;
}) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="flex min-h-8 cursor-pointer items-center gap-3 px-3 py-1 hover:bg-sunken max-md:min-h-[44px]">
        <span className="min-w-0 flex-1 truncate">
          {visibleExactly(name)} <span className="text-muted">{visibleExactly(version)}</span>
        </span>
        <span className="shrink-0 text-muted">{visibleExactly(licence)}</span>
      </summary>
      {/* Drawn when it is wanted: all texts together are megabytes. */}
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        <pre tabIndex={0} className="max-h-96 overflow-auto bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
          {text === null ? "The package has no file with its licence's text." : visibleProse(text)}
        </pre>
      )}
    </details>
  );
}
