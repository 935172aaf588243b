// One agent's definition: its editor, and a session to try it with. Side by side where there is room, else one at a time.
"use client";

import { useState } from "react";
import type { Agent } from "../../../contract/agents.ts";
import { classNames } from "../../components/class-names.ts";
import { useLiveForm } from "../../components/use-live-form.ts";
import { findProblems, toDraft } from "../agent-draft.ts";
import { AgentEditor } from "./agent-editor.tsx";
import { AgentFrame } from "./agent-frame.tsx";
import { TryPanel } from "./try-panel.tsx";
import { useWideScreen } from "./use-wide-screen.ts";

export function AgentRoom({ agentId }: { agentId: string }) {
  return <AgentFrame agentId={agentId}>{(agent) => <Workbench agent={agent} />}</AgentFrame>;
}

const panes = { edit: "Edit", try: "Try it" } as const;
type Pane = keyof typeof panes;

/** What is typed, and a session that was begun, outlive a change of the window's width. */
function Workbench({ agent }: { agent: Agent }) {
  const editing = useLiveForm(agent, { stamp: ({ version }) => version, toDraft, findProblems });
  const [chosen, setChosen] = useState<Pane>("edit");
  const wide = useWideScreen();
  const canTry = agent.archived_at === null;
  const shows = (pane: Pane) => wide || !canTry || chosen === pane;
  return (
    <>
      {!wide && canTry && <PaneSwitch chosen={chosen} onChoose={setChosen} />}
      <div className="flex min-h-0 flex-1 *:min-h-0 *:min-w-0 *:overflow-y-auto">
        <div hidden={!shows("edit")} className="flex-5">
          <AgentEditor agent={agent} editing={editing} />
        </div>
        {canTry && (
          <aside
            aria-label="Try it"
            hidden={!shows("try")}
            className={classNames("flex-4", wide && "border-l border-line")}
          >
            <TryPanel agent={agent} dirty={editing.form.dirty} />
          </aside>
        )}
      </div>
    </>
  );
}

function PaneSwitch({ chosen, onChoose }: { chosen: Pane; onChoose: (pane: Pane) => void }) {
  return (
    <fieldset className="flex shrink-0 gap-1 border-b border-line px-4 py-2">
      <legend className="sr-only">What is shown</legend>
      {/* The keys of this very object. */}
      {(Object.keys(panes) as Pane[]).map((pane) => (
        <button
          key={pane}
          type="button"
          aria-pressed={pane === chosen}
          onClick={() => onChoose(pane)}
          className={classNames(
            "h-8 rounded-md border border-line px-3 text-[13px] hover:bg-sunken max-md:h-[44px] max-md:flex-1",
            pane === chosen && "border-accent bg-accent-soft font-medium text-accent hover:bg-accent-soft",
          )}
        >
          {panes[pane]}
        </button>
      ))}
    </fieldset>
  );
}
