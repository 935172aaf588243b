// Everything the palette offers: what the open page can do, places, actions, sessions, agents, environments.
"use client";

import { isolatedName, visibleName } from "../../lib/visible-text.ts";
import { useAgents } from "../agents/use-agents.ts";
import { useEnvironments } from "../environments/use-environments.ts";
import { useBerth } from "../providers.tsx";
import type { Command } from "./command.ts";
import {
  Activity,
  Bot,
  ChartColumn,
  Clock,
  Hand,
  KeyRound,
  LockKeyhole,
  LogOut,
  MessagesSquare,
  Plus,
  Scale,
  Settings,
  SquareTerminal,
  SunMoon,
} from "./icons/icons.tsx";
import { matchCommands } from "./match-commands.ts";
import { usePageCommands } from "./page-commands.ts";
import { askForKeys } from "./shortcut-help.tsx";
import { chooseTheme, THEMES } from "./theme.ts";
import { toggleExactTimes } from "./use-exact-times.ts";
import { useFoundSessions } from "./use-found-sessions.ts";

const places: readonly Command[] = [
  { id: "new-session", label: "New session", hint: "action", href: "/sessions/new", icon: Plus },
  { id: "new-agent", label: "New agent", hint: "action", href: "/agents/new", icon: Plus },
  { id: "new-environment", label: "New environment", hint: "action", href: "/environments/new", icon: Plus },
  { id: "sessions", label: "Sessions", hint: "page", href: "/", icon: MessagesSquare },
  { id: "approvals", label: "Approvals", hint: "page", href: "/approvals", icon: Hand },
  { id: "agents", label: "Agents", hint: "page", href: "/agents", icon: Bot },
  { id: "running", label: "Running now", hint: "page", href: "/running", icon: Activity },
  { id: "usage", label: "Usage", hint: "page", href: "/usage", icon: ChartColumn },
  { id: "environments", label: "Environments", hint: "page", href: "/environments", icon: SquareTerminal },
  { id: "vaults", label: "Vaults", hint: "page · credentials secrets", href: "/vaults", icon: LockKeyhole },
  { id: "settings", label: "Settings", hint: "page", href: "/settings", icon: Settings },
  { id: "keys", label: "API keys", hint: "page · settings", href: "/settings/keys", icon: KeyRound },
  { id: "licences", label: "Licences", hint: "page · settings", href: "/settings/licences", icon: Scale },
];

/** `onFailure`: an action of these did not work. */
export function useCommands(typed: string, onFailure: (error: unknown) => void) {
  const berth = useBerth();
  const page = usePageCommands();
  const found = useFoundSessions(typed);
  const agents = useAgents();
  const environments = useEnvironments();
  const actions: Command[] = [
    ...THEMES.map((theme) => ({
      id: `theme-${theme}`,
      label: `Theme: ${theme === "system" ? "as the system" : theme}`,
      hint: "action · dark light colours",
      icon: SunMoon,
      run: () => chooseTheme(theme),
    })),
    { id: "times", label: "Exact times, or ages", hint: "action · T", icon: Clock, run: toggleExactTimes },
    { id: "keys-help", label: "List the keys", hint: "action · ?", icon: KeyRound, run: askForKeys },
    {
      id: "log-out",
      label: "Log out",
      hint: "action",
      icon: LogOut,
      run: () => void berth.signIn.end().then(() => window.location.replace("/login"), onFailure),
    },
  ];
  const sessions: Command[] = found.sessions.map((session) => ({
    id: session.id,
    label: visibleName(session.title ?? "Untitled"),
    hint: `${session.archived_at === null ? "session" : "archived session"} · ${isolatedName(session.agent.name)}`,
    href: `/sessions/${session.id}`,
    icon: MessagesSquare,
  }));
  const others: Command[] = [
    ...(agents.data ?? []).map((agent) => ({
      id: agent.id,
      label: visibleName(agent.name),
      hint: "agent",
      href: `/agents/${agent.id}`,
      icon: Bot,
    })),
    ...(environments.data ?? []).map((environment) => ({
      id: environment.id,
      label: visibleName(environment.name),
      hint: "environment",
      href: `/environments/${environment.id}`,
      icon: SquareTerminal,
    })),
  ];
  return {
    commands: matchCommands([...page, ...places, ...sessions, ...others, ...actions], typed, serverId),
    searching: found.searching,
    error: found.error,
  };
}

/** A session may be found by its id, which no label has; the ids of places are nobody's business. */
function serverId({ id }: Command): string {
  return /^[a-z]+_/.test(id) ? id : "";
}
