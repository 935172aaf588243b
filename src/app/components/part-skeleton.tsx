// In the place of a part that is loaded beside the page: grey lines, or why it does not come.
"use client";

import { usePartTrouble } from "../live/use-part-trouble.ts";
import { ListSkeleton } from "./list-skeleton.tsx";
import { Button } from "./ui/button.tsx";

const words = {
  away: "The server does not answer. Trying again.",
  failing: "This could not be loaded. Trying again.",
  gone: "Berth was updated, and this comes only with the new version.",
};

export function PartSkeleton({ label }: { label: string }) {
  const trouble = usePartTrouble();
  if (trouble === null) return <ListSkeleton label={label} />;
  return (
    <div role="status" className="grid justify-items-start gap-3 p-4 text-muted">
      {words[trouble]}
      {trouble === "gone" && (
        <Button size="small" onClick={() => window.location.reload()}>
          Load the new version
        </Button>
      )}
    </div>
  );
}
