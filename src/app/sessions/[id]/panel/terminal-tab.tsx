// A shell in the session's sandbox, the same for everybody who opens it, and still there after a reload.
"use client";

import { EmptyState } from "../../../components/empty-state.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { Select } from "../../../components/ui/input.tsx";
import type { PanelTabProps } from "./panel-tabs.ts";
import { terminalWords } from "./terminal-state.ts";
import { TerminalView } from "./terminal-view.tsx";
import { useTerminal } from "./use-terminal.ts";
import { TYPING, type Typing, useTyping } from "./use-typing.ts";

export function TerminalTab({ session, view }: PanelTabProps) {
  const [typing, setTyping] = useTyping();
  const readOnly = typing === "never" || (typing === "resting" && view.status === "running");
  const terminal = useTerminal(session.id);
  const { state } = terminal;
  const closed = session.archived_at !== null || view.status === "terminated";
  if (closed)
    return (
      <EmptyState title="The sandbox is closed">
        This session is {session.archived_at === null ? "over" : "archived"}. What its sandbox held is in the files.
      </EmptyState>
    );
  const ended = state.is === "exited" || state.is === "sandbox_ended" || state.is === "refused";
  return (
    <section aria-label="Terminal" className="flex h-full min-h-0 flex-col">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-1.5 text-[13px]">
        <span role="status" className={state.is === "refused" ? "text-danger" : "text-muted"}>
          {terminalWords(state)}
        </span>
        {ended && (
          <Button size="small" onClick={terminal.reopen}>
            {state.is === "refused" ? "Try again" : "New shell"}
          </Button>
        )}
        {view.status === "running" && (
          <span className="text-running">
            The agent is at work{typing === "resting" ? "; you can type when it rests." : "."}
          </span>
        )}
        <label htmlFor="terminal-typing" className="ml-auto flex items-center gap-1.5 whitespace-nowrap">
          Type here
          <Select
            id="terminal-typing"
            className="w-auto text-[13px]"
            value={typing}
            onChange={(event) => setTyping(event.target.value as Typing)}
          >
            {TYPING.map(({ value, words }) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </Select>
        </label>
      </div>
      <TerminalView terminal={terminal} readOnly={readOnly} />
      <p className="border-t border-line px-3 py-1 text-xs text-muted max-md:hidden">
        <kbd>Shift</kbd> <kbd>Tab</kbd> leaves the terminal.
      </p>
    </section>
  );
}
