// How much room the data takes.
"use client";

import { useQuery } from "@tanstack/react-query";
import { visibleExactly } from "../../lib/visible-text.ts";
import { FailureNote } from "../components/failure-note.tsx";
import { formatBytes } from "../components/format.ts";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { useBerth } from "../providers.tsx";

export function StorageFacts() {
  const berth = useBerth();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["storage"],
    // The answer waits until the directory is measured.
    queryFn: ({ signal }) => berth.overview.get({ measured: true }, signal),
  });
  return (
    <section aria-labelledby="storage-title" className="grid gap-2">
      <h2 id="storage-title" className="font-semibold">
        Storage
      </h2>
      {error && <FailureNote error={error} onRetry={() => void refetch()} />}
      {isPending && <ListSkeleton label="Measuring the data directory" />}
      {data && (
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
          <dt className="text-muted">Database</dt>
          <dd className="tabular-nums">{formatBytes(data.database.size_bytes)}</dd>
          {data.data_directory && (
            <>
              <dt className="text-muted">Data directory</dt>
              <dd className="wrap-anywhere">
                <code className="font-mono text-[13px]">{visibleExactly(data.data_directory.path)}</code>
                <span className="text-muted tabular-nums">
                  {" "}
                  {data.data_directory.size_bytes === null
                    ? "too large to be measured in 25 s; load this page again"
                    : formatBytes(data.data_directory.size_bytes)}
                </span>
              </dd>
            </>
          )}
        </dl>
      )}
    </section>
  );
}
