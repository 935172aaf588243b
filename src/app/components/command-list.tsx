// What the palette offers, narrowed by what is typed; arrows choose, Enter goes.
"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { classNames } from "./class-names.ts";
import { matchCommands } from "./match-commands.ts";
import { Input } from "./ui/input.tsx";
import { useCommands } from "./use-commands.ts";

const MAX_SHOWN = 50;

export function CommandList({ onDone }: { onDone: () => void }) {
  const router = useRouter();
  const commands = useCommands();
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const shown = matchCommands(commands, query).slice(0, MAX_SHOWN);
  const at = Math.min(chosen, shown.length - 1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is chosen moved
  useEffect(() => {
    list.current?.querySelector("[aria-selected='true']")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  function go(href: string | undefined) {
    if (!href) return;
    onDone();
    router.push(href);
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
          if (event.key === "Enter") go(shown[at]?.href);
          else if (event.key === "ArrowDown") setChosen(Math.min(at + 1, shown.length - 1));
          else if (event.key === "ArrowUp") setChosen(Math.max(at - 1, 0));
          else return;
          event.preventDefault();
        }}
      />
      <div
        ref={list}
        id="commands"
        role="listbox"
        aria-label="Matches"
        className="max-h-[min(24rem,60vh)] overflow-y-auto"
      >
        {shown.map(({ id, label, hint, href, icon: Icon }, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys of its list
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field
          <div
            key={id}
            id={`command-${index}`}
            role="option"
            aria-selected={index === at}
            className={classNames(
              "flex cursor-default items-center gap-2 rounded px-2 py-1.5 max-md:py-3",
              index === at && "bg-accent-soft",
            )}
            onMouseMove={() => setChosen(index)}
            onClick={() => go(href)}
          >
            <Icon aria-hidden className="size-4 shrink-0 text-muted" />
            <span className="min-w-0 truncate">{label}</span>
            <span className="ml-auto shrink-0 text-[13px] text-muted">{hint}</span>
          </div>
        ))}
      </div>
      {shown.length === 0 && <p className="px-2 py-4 text-center text-muted">Nothing has these letters.</p>}
    </div>
  );
}
