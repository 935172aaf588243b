// What the palette can do with the session that is open.
"use client";

import type { Session } from "../../../contract/sessions.ts";
import type { Command } from "../../components/command.ts";
import { Archive, Copy, PanelRight, Pencil, Search, Square, Trash2 } from "../../components/icons/icons.tsx";
import { useOfferedCommands } from "../../components/page-commands.ts";
import { useCopy } from "../../components/use-copy.ts";
import { panelTabs } from "./panel/panel-tabs.ts";
import type { Panel } from "./panel/use-panel.ts";
import type { SessionQuestion } from "./session-menu.tsx";
import type { SessionView } from "./session-view.ts";
import type { SlashCommand } from "./slash-command.ts";

type Offered = {
  /** Null while it is not known, and beside an agent's editor. */
  session: Session | null;
  view: SessionView;
  panel: Panel;
  run: (command: SlashCommand) => void;
  ask: (question: SessionQuestion) => void;
  onRename: () => void;
  onSearch: () => void;
};

const HINT = "this session";

export function useSessionCommands(offered: Offered): void {
  const { available, copy } = useCopy();
  useOfferedCommands(commandsOf(offered, available ? copy : null));
}

function commandsOf(offered: Offered, copy: ((text: string) => void) | null): Command[] {
  const { session, view, panel, run, ask, onRename, onSearch } = offered;
  if (!session) return [];
  const open = session.archived_at === null;
  const busy = view.status === "running" || view.status === "rescheduling";
  const slash = (name: SlashCommand["name"]) => () => run({ name, argument: "" });
  const command = (id: string, label: string, icon: Command["icon"], act: () => void): Command => ({
    id: `session-${id}`,
    label,
    hint: HINT,
    icon,
    run: act,
  });
  return [
    ...(busy ? [command("interrupt", "Interrupt", Square, slash("interrupt"))] : []),
    ...(open ? [command("rename", "Rename", Pencil, onRename)] : []),
    command("search", "Search in this session", Search, onSearch),
    ...panelTabs.map(({ id, label, icon }) =>
      command(`tab-${id}`, `Show ${label.toLowerCase()}`, icon, () => panel.open(id)),
    ),
    ...(copy
      ? [
          command("copy-id", "Copy id", Copy, () => copy(session.id)),
          command("copy-link", "Copy link", Copy, () => copy(new URL(`/sessions/${session.id}`, location.href).href)),
          command("copy-answer", "Copy the last answer", Copy, slash("copy")),
        ]
      : []),
    ...(open ? [command("archive", "Archive…", Archive, () => ask("archive"))] : []),
    command("delete", "Delete…", Trash2, () => ask("delete")),
    command("close-panel", panel.tabId === null ? "Show details" : "Hide details", PanelRight, panel.toggle),
  ];
}
