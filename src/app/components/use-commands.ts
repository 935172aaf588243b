// Everything the palette can go to: rooms and actions, the team's latest sessions, its agents.
"use client";

import { useQuery } from "@tanstack/react-query";
import { visibleExactly } from "../../lib/visible-text.ts";
import { useAgents } from "../agents/use-agents.ts";
import { patchPage } from "../live/patch-pages.ts";
import { useBerth, useLive } from "../providers.tsx";
import type { Icon } from "./icons/create-icon.tsx";
import { Activity, Bot, ChartColumn, Hand, MessagesSquare, Plus, Settings, SquareTerminal } from "./icons/icons.tsx";

export type Command = { id: string; label: string; hint: string; href: string; icon: Icon };

const places: Command[] = [
  { id: "new-session", label: "New session", hint: "action", href: "/sessions/new", icon: Plus },
  { id: "new-agent", label: "New agent", hint: "action", href: "/agents/new", icon: Plus },
  { id: "sessions", label: "Sessions", hint: "room", href: "/", icon: MessagesSquare },
  { id: "approvals", label: "Approvals", hint: "room", href: "/approvals", icon: Hand },
  { id: "agents", label: "Agents", hint: "room", href: "/agents", icon: Bot },
  { id: "running", label: "Running now", hint: "room", href: "/running", icon: Activity },
  { id: "usage", label: "Usage", hint: "room", href: "/usage", icon: ChartColumn },
  { id: "environments", label: "Environments", hint: "room", href: "/environments", icon: SquareTerminal },
  { id: "settings", label: "Settings", hint: "room", href: "/settings", icon: Settings },
];

const HOW_MANY = 100;
const patchLatest = patchPage((session) => session.archived_at === null);

export function useCommands(): Command[] {
  const berth = useBerth();
  const live = useLive();
  const sessions = useQuery({
    queryKey: ["sessions", "palette"],
    queryFn: async ({ signal }) => {
      const mark = live.mark();
      const page = await berth.sessions.list({ limit: HOW_MANY }, signal);
      return live.changesSince(mark).reduce(patchLatest, page);
    },
    staleTime: Number.POSITIVE_INFINITY,
    meta: { patch: patchLatest },
  });
  const agents = useAgents();
  return [
    ...places,
    ...(sessions.data?.data ?? []).map((session) => ({
      id: session.id,
      label: visibleExactly(session.title ?? "Untitled"),
      hint: `session · ${visibleExactly(session.agent.name)}`,
      href: `/sessions/${session.id}`,
      icon: MessagesSquare,
    })),
    ...(agents.data ?? []).map((agent) => ({
      id: agent.id,
      label: visibleExactly(agent.name),
      hint: "agent",
      href: `/agents/${agent.id}`,
      icon: Bot,
    })),
  ];
}
