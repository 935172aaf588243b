// Asks for a link to a port and follows it. A page of its own, so that a port is a plain link that opens in a new tab.
"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useEffect } from "react";
import { FailureNote } from "../../../../components/failure-note.tsx";
import { PageHeader } from "../../../../components/page-header.tsx";
import { useBerth } from "../../../../providers.tsx";

export function OpenPort({ sessionId, port }: { sessionId: string; port: number }) {
  const berth = useBerth();
  const preview = useQuery({
    queryKey: ["port-preview", sessionId, port],
    queryFn: () => berth.portPreviews.create(sessionId, port),
    // A link is good once: none is kept, and none is asked for before somebody needs it.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const url = preview.data?.url ?? null;
  useEffect(() => {
    // Going back from the app leads to where the click was.
    if (url !== null) window.location.replace(url);
  }, [url]);
  return (
    <>
      <PageHeader title={`Port ${port}`} />
      {preview.error ? (
        <FailureNote error={preview.error} onRetry={() => void preview.refetch()} />
      ) : (
        <p role="status" className="p-4 text-muted">
          Opening the app…
        </p>
      )}
      <p className="px-4">
        <Link href={`/sessions/${sessionId}?tab=ports`} className="text-accent underline">
          Back to the session
        </Link>
      </p>
    </>
  );
}
