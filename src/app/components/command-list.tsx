// What the palette offers, narrowed by what is typed; arrows choose, Enter goes there or does it.
"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { classNames } from "./class-names.ts";
import type { Command } from "./command.ts";
import { FailureNote } from "./failure-note.tsx";
import { whenFree } from "./leave-guard.ts";
import { Input } from "./ui/input.tsx";
import { useCommands } from "./use-commands.ts";

const MAX_SHOWN = 50;

type CommandListProps = {
  /** It was chosen; what it does is to be done once the palette is closed. */
  onChosen: (act: () => void) => void;
  onFailure: (error: unknown) => void;
};

export function CommandList({ onChosen, onFailure }: CommandListProps) {
  const router = useRouter();
  const [query, setQuery] = useState("");
  const { commands, searching, error } = useCommands(query, onFailure);
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const shown = commands.slice(0, MAX_SHOWN);
  const at = Math.min(chosen, shown.length - 1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is chosen moved
  useEffect(() => {
    list.current?.querySelector("[aria-selected='true']")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  function go(command: Command | undefined): void {
    if (command) onChosen("href" in command ? () => whenFree(() => router.push(command.href)) : command.run);
  }
  return (
    <div className="grid gap-2">
      <Input
        autoFocus
        role="combobox"
        aria-label="Find a session, an agent, an action"
        placeholder="Find a session, an agent, an action"
        aria-expanded
        aria-controls="commands"
        aria-activedescendant={shown[at] ? `command-${at}` : undefined}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Enter") go(shown[at]);
          else if (event.key === "ArrowDown") setChosen(Math.min(at + 1, shown.length - 1));
          else if (event.key === "ArrowUp") setChosen(Math.max(at - 1, 0));
          else return;
          event.preventDefault();
        }}
      />
      {error !== null && <FailureNote error={error} />}
      <div
        ref={list}
        id="commands"
        role="listbox"
        aria-label="Matches"
        className="max-h-[min(24rem,60vh)] overflow-y-auto"
      >
        {shown.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys of its list
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field
          <div
            key={command.id}
            id={`command-${index}`}
            role="option"
            aria-selected={index === at}
            className={classNames(
              "flex cursor-default items-center gap-2 rounded px-2 py-1.5 max-md:py-3",
              index === at && "bg-accent-soft",
            )}
            onMouseMove={() => setChosen(index)}
            onClick={() => go(command)}
          >
            <command.icon aria-hidden className="size-4 shrink-0 text-muted" />
            <bdi className="min-w-0 truncate">{command.label}</bdi>{" "}
            <bdi className="ml-auto max-w-1/2 shrink-0 truncate text-[13px] text-muted">{command.hint}</bdi>
          </div>
        ))}
      </div>
      <p role="status" className="px-2 text-center text-muted not-empty:py-2">
        {searching ? "Searching all sessions…" : shown.length === 0 && "Nothing has these letters."}
      </p>
    </div>
  );
}
