// The session's title; a click turns it into a field.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Pencil } from "../../components/icons/icons.tsx";
import { Name } from "../../components/name.tsx";
import { Input } from "../../components/ui/input.tsx";
import { useBerth } from "../../providers.tsx";

const MAX_TITLE_LENGTH = 500;

export function SessionTitle({ sessionId, title }: { sessionId: string; title: string | null }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<string | null>(null);
  const rename = useMutation({
    mutationFn: (next: string) => berth.sessions.update(sessionId, { title: next === "" ? null : next }),
    onSuccess: (session) => queries.setQueryData(["session", sessionId], session),
  });
  function save() {
    if (draft === null) return;
    const next = draft.trim();
    if (next !== (title ?? "")) rename.mutate(next);
    setDraft(null);
  }
  if (draft !== null) {
    return (
      <Input
        aria-label="Title"
        autoFocus
        maxLength={MAX_TITLE_LENGTH}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) save();
          if (event.key === "Escape") setDraft(null);
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
        onClick={() => setDraft(title ?? "")}
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
