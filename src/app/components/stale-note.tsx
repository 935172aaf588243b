// Somebody saved meanwhile what is edited here: take theirs, or save ours on top.
"use client";

import { type ReactNode, useEffect, useRef } from "react";
import { GitBranch } from "./icons/icons.tsx";
import { Button } from "./ui/button.tsx";

type StaleNoteProps = {
  /** What happened. */
  children: ReactNode;
  overwrite: string;
  onReload: () => void;
  onOverwrite: () => void;
};

export function StaleNote({ children, overwrite, onReload, onOverwrite }: StaleNoteProps) {
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => {
    note.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div
      ref={note}
      role="alert"
      className="flex flex-wrap items-center gap-3 rounded-md border border-waiting/60 bg-waiting-soft px-3 py-2"
    >
      <GitBranch aria-hidden className="size-4 shrink-0 text-waiting" />
      <p className="min-w-0 flex-1 basis-80">{children}</p>
      <Button size="small" onClick={onReload}>
        Show theirs, drop mine
      </Button>
      <Button size="small" onClick={onOverwrite}>
        {overwrite}
      </Button>
    </div>
  );
}
