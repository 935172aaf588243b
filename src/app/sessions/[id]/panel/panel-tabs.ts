// The tabs of the session page's side panel. A tab is one line here and one component that takes the session; it is loaded when it is opened.
"use client";

import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import type { StreamEvent } from "../../../../contract/events.ts";
import type { Session } from "../../../../contract/sessions.ts";
import type { Icon } from "../../../components/icons/create-icon.tsx";
import {
  AppWindow,
  Braces,
  FolderTree,
  Globe,
  History,
  Info,
  SquareTerminal,
} from "../../../components/icons/icons.tsx";
import type { SessionView } from "../session-view.ts";

/** A tab that scrolls by itself fills the panel. */
export type PanelTabProps = {
  session: Session;
  view: SessionView;
  /** Stored events by their place in the log, which begins at 1. */
  log: readonly StreamEvent[];
};

type PanelTab = {
  /** What `?tab=` says. */
  id: string;
  label: string;
  icon: Icon;
  Content: LazyExoticComponent<ComponentType<PanelTabProps>>;
};

export const panelTabs: readonly PanelTab[] = [
  {
    id: "overview",
    label: "Overview",
    icon: Info,
    Content: lazy(async () => ({ default: (await import("./overview-tab.tsx")).OverviewTab })),
  },
  {
    id: "files",
    label: "Files",
    icon: FolderTree,
    Content: lazy(async () => ({ default: (await import("./files-tab.tsx")).FilesTab })),
  },
  {
    id: "terminal",
    label: "Terminal",
    icon: SquareTerminal,
    Content: lazy(async () => ({ default: (await import("./terminal-tab.tsx")).TerminalTab })),
  },
  {
    id: "network",
    label: "Network",
    icon: Globe,
    Content: lazy(async () => ({ default: (await import("./network-tab.tsx")).NetworkTab })),
  },
  {
    id: "ports",
    label: "Ports",
    icon: AppWindow,
    Content: lazy(async () => ({ default: (await import("./ports-tab.tsx")).PortsTab })),
  },
  {
    id: "history",
    label: "History",
    icon: History,
    Content: lazy(async () => ({ default: (await import("./history-tab.tsx")).HistoryTab })),
  },
  {
    id: "events",
    label: "Events",
    icon: Braces,
    Content: lazy(async () => ({ default: (await import("./events-tab.tsx")).EventsTab })),
  },
];
