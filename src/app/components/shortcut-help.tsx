// `?`: all keys in one list.
"use client";

import { useEffect, useState } from "react";
import { Dialog } from "./ui/dialog.tsx";
import { useCommandKey } from "./use-command-key.ts";
import { toggleExactTimes } from "./use-exact-times.ts";
import { useShortcuts } from "./use-shortcuts.ts";

const COMMAND_KEY = "command-key";
const groups: { title: string; keys: [keys: string, what: string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      [COMMAND_KEY, "find a session, an agent, an action"],
      ["T", "write all times out, or as ages again"],
      ["?", "this list"],
      ["Esc", "close what is open"],
    ],
  },
  {
    title: "In the lists of sessions, agents, environments",
    keys: [
      ["J", "next row"],
      ["K", "previous row"],
      ["Enter", "open it"],
    ],
  },
  {
    title: "In a session, and in the approvals",
    keys: [
      ["A", "allow the first call that waits"],
      ["D", "deny it"],
      ["R", "write a reason, Enter denies with it"],
    ],
  },
  {
    title: "In a session",
    keys: [
      ["/", "search in the session"],
      ["]", "show or hide details: overview, files, events"],
      ["[", "show or hide the other sessions, on a wide screen"],
    ],
  },
];

const ASKED = "berth:keys-asked-for";

/** Opens the list from anywhere on the page. */
export function askForKeys(): void {
  window.dispatchEvent(new Event(ASKED));
}

export function ShortcutHelp() {
  const [open, setOpen] = useState(false);
  const commandKey = useCommandKey();
  useShortcuts({ "?": () => setOpen(true), t: toggleExactTimes });
  useEffect(() => {
    const show = () => setOpen(true);
    window.addEventListener(ASKED, show);
    return () => window.removeEventListener(ASKED, show);
  }, []);
  return (
    <Dialog open={open} onClose={() => setOpen(false)} title="Keys">
      <div className="grid gap-4">
        {groups.map(({ title, keys }) => (
          <section key={title}>
            <h3 className="mb-1 text-[13px] font-medium text-muted">{title}</h3>
            <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
              {keys.map(([key, what]) => (
                <div key={key} className="contents">
                  <dt>
                    <kbd className="rounded border border-line bg-sunken px-1.5 font-mono text-[13px]">
                      {key === COMMAND_KEY ? commandKey : key}
                    </kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
