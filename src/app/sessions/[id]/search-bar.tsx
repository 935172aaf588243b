// Finds text in the whole session, also in what is not drawn. Enter goes on, Escape closes it.
"use client";

import { useDeferredValue, useMemo, useState } from "react";
import { ChevronDown, ChevronUp, X } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Input } from "../../components/ui/input.tsx";
import { createSearch } from "./search-items.ts";
import type { Turn } from "./session-view.ts";

type SearchBarProps = {
  turns: readonly Turn[];
  onJump: (id: string, words: string) => void;
  onClose: () => void;
};

export function SearchBar({ turns, onJump, onClose }: SearchBarProps) {
  const [query, setQuery] = useState("");
  const [current, setCurrent] = useState<string | null>(null);
  const wanted = useDeferredValue(query);
  const search = useMemo(() => createSearch(wanted), [wanted]);
  const found = useMemo(() => search(turns), [search, turns]);
  const at = current === null ? -1 : found.indexOf(current);
  function go(by: 1 | -1) {
    // The latest first: what people look for is mostly near.
    const next = at === -1 ? found.length - 1 : (at + by + found.length) % found.length;
    const id = found[next];
    if (!id) return;
    setCurrent(id);
    onJump(id, wanted);
  }
  return (
    <search className="flex items-center gap-1 border-b border-line bg-panel px-4 py-1">
      <Input
        autoFocus
        type="search"
        aria-label="Search in this session"
        placeholder="Search in this session"
        className="min-w-24 md:max-w-80"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setCurrent(null);
        }}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape") onClose();
          if (event.key === "Enter") go(event.shiftKey ? 1 : -1);
        }}
      />
      <span role="status" className="px-1 text-[13px] md:mr-auto whitespace-nowrap text-muted tabular-nums">
        {query.trim() !== "" && (at === -1 ? `${found.length} found` : `${at + 1} of ${found.length}`)}
      </span>
      <Button look="quiet" size="icon" aria-label="Earlier match" onClick={() => go(-1)}>
        <ChevronUp aria-hidden />
      </Button>
      <Button look="quiet" size="icon" aria-label="Later match" onClick={() => go(1)}>
        <ChevronDown aria-hidden />
      </Button>
      <Button look="quiet" size="icon" aria-label="Close the search" onClick={onClose}>
        <X aria-hidden />
      </Button>
    </search>
  );
}
