// How the session's sandbox is: running, hibernated, or not made yet.
"use client";

import { useQuery } from "@tanstack/react-query";
import { RelativeTime } from "../../../components/relative-time.tsx";
import { useBerth } from "../../../providers.tsx";
import type { SessionView } from "../session-view.ts";
import { Fact } from "./fact.tsx";

const words = { none: "not made yet", running: "running", hibernated: "hibernated: wakes with its files" };

export function SandboxRow({ sessionId, status }: { sessionId: string; status: SessionView["status"] }) {
  const berth = useBerth();
  const sandbox = useQuery({
    // A turn may make it, and its end starts the time until it sleeps.
    queryKey: ["sandbox", sessionId, status],
    queryFn: ({ signal }) => berth.files.sandbox(sessionId, signal),
  });
  return (
    <Fact name="Sandbox">
      {sandbox.data && (
        <>
          {words[sandbox.data.state]}
          {sandbox.data.last_used_at !== null && (
            <>
              , used <RelativeTime at={sandbox.data.last_used_at} />
            </>
          )}
        </>
      )}
      {sandbox.error && "not known: it could not be asked"}
    </Fact>
  );
}
