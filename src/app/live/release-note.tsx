// Says that Berth was updated under an open tab, and offers to load the new dashboard.
"use client";

import { RotateCw } from "../components/icons/icons.tsx";
import { Button } from "../components/ui/button.tsx";
import { useNewerBuild } from "./use-newer-build.ts";
import { usePartTrouble } from "./use-part-trouble.ts";

const goneWords = "A part of this page comes only with the new version; drafts are kept.";

export function ReleaseNote() {
  const newer = useNewerBuild();
  const gone = usePartTrouble() === "gone";
  return (
    <div role="status" className="shrink-0">
      {(newer || gone) && (
        <div className="flex flex-wrap items-center gap-2 border-b border-line bg-sunken px-4 py-1.5 text-[13px]">
          <RotateCw aria-hidden className="size-4 shrink-0 text-muted" />
          <span className="min-w-0 flex-1">
            Berth was updated. {gone ? goneWords : "Your sessions go on; drafts are kept."}
          </span>
          <Button size="small" onClick={() => window.location.reload()}>
            Load the new version
          </Button>
        </div>
      )}
    </div>
  );
}
