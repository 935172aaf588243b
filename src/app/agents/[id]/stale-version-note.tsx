// Somebody saved the agent meanwhile: take theirs, or save ours on top.
"use client";

import { useEffect, useRef } from "react";
import { GitBranch } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";

type StaleVersionNoteProps = {
  /** Why ours could not be saved on top. */
  error: Error | null;
  onReload: () => void;
  onOverwrite: () => void;
};

export function StaleVersionNote({ error, onReload, onOverwrite }: StaleVersionNoteProps) {
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => note.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <div
      ref={note}
      role="alert"
      className="flex flex-wrap items-center gap-3 rounded-md border border-waiting/60 bg-waiting-soft px-3 py-2"
    >
      <GitBranch aria-hidden className="size-4 shrink-0 text-waiting" />
      <p className="min-w-0 flex-1 basis-80">
        Somebody saved a newer version of this agent while you were editing. {error?.message}
      </p>
      <Button size="small" onClick={onReload}>
        Show theirs, drop mine
      </Button>
      <Button size="small" onClick={onOverwrite}>
        Save mine as the newest
      </Button>
    </div>
  );
}
