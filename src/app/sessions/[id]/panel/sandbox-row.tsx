// How the session's sandbox is: running, hibernated, or not made yet.
"use client";

import { useQuery } from "@tanstack/react-query";
import type { SandboxStatus } from "../../../../contract/files.ts";
import { RelativeTime } from "../../../components/relative-time.tsx";
import { useBerth } from "../../../providers.tsx";
import type { SessionView } from "../session-view.ts";
import { Fact } from "./fact.tsx";

const RESTORE_LOOK_MS = 1_000;
const words = { none: "not made yet", running: "running", hibernated: "hibernated: wakes with its files" };

function restoreWords({ files, total_files, problem }: NonNullable<SandboxStatus["restore"]>): string {
  if (problem !== null) return `its files can't be brought back right now: ${problem}`;
  const count = total_files === null ? "" : `: ${files.toLocaleString()} of ${total_files.toLocaleString()}`;
  return `its files are being brought back${count}`;
}

export function SandboxRow({ sessionId, status }: { sessionId: string; status: SessionView["status"] }) {
  const berth = useBerth();
  const sandbox = useQuery({
    // A turn may make it, and its end starts the time until it sleeps.
    queryKey: ["sandbox", sessionId, status],
    queryFn: ({ signal }) => berth.files.sandbox(sessionId, signal),
    // Nothing tells of each file that is back; of all of them the log does.
    refetchInterval: ({ state }) => (state.data?.restore ? RESTORE_LOOK_MS : false),
  });
  return (
    <Fact name="Sandbox">
      {sandbox.data && (
        <>
          {sandbox.data.restore ? restoreWords(sandbox.data.restore) : words[sandbox.data.state]}
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
