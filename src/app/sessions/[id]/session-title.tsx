// The session's title; a click turns it into a field.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Pencil } from "../../components/icons/icons.tsx";
import { Name } from "../../components/name.tsx";
import { Input } from "../../components/ui/input.tsx";
import { useBerth } from "../../providers.tsx";

const MAX_TITLE_LENGTH = 500;

/** Whether the field is open: also the palette opens it. */
export type Renaming = { renaming: boolean; onRenaming: (on: boolean) => void };

type SessionTitleProps = { sessionId: string; title: string | null } & Renaming;

export function SessionTitle({ sessionId, title, renaming, onRenaming }: SessionTitleProps) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [edited, setEdited] = useState<string | null>(null);
  const draft = edited ?? title ?? "";
  const rename = useMutation({
    mutationFn: (next: string) => berth.sessions.update(sessionId, { title: next === "" ? null : next }),
    onSuccess: (session) => queries.setQueryData(["session", sessionId], session),
  });
  function close() {
    setEdited(null);
    onRenaming(false);
  }
  function save() {
    const next = draft.trim();
    if (renaming && next !== (title ?? "")) rename.mutate(next);
    close();
  }
  if (renaming) {
    return (
      <Input
        aria-label="Title"
        autoFocus
        dir="auto"
        maxLength={MAX_TITLE_LENGTH}
        value={draft}
        onChange={(event) => setEdited(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) save();
          if (event.key === "Escape") close();
        }}
      />
    );
  }
  return (
    <h1 className="flex min-w-0 items-center gap-1 text-base font-semibold">
      <button
        type="button"
        className="group flex min-w-0 items-center gap-2 rounded text-left"
        title="Rename"
        onClick={() => onRenaming(true)}
      >
        <span className="truncate">{title ? <Name text={title} /> : <span className="text-muted">Untitled</span>}</span>
        <Pencil
          aria-hidden
          className="size-3.5 shrink-0 text-muted opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100 pointer-coarse:opacity-100"
        />
      </button>
      {rename.error && (
        <span role="alert" className="text-[13px] font-normal text-danger">
          {rename.error.message}
        </span>
      )}
    </h1>
  );
}
