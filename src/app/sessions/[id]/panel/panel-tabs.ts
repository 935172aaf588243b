// The tabs of the session page's side panel. A tab is one line here and one component that takes the session; it is loaded when it is opened.
"use client";

import type { ComponentType } from "react";
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
import { lazyPart } from "../../../components/lazy-part.tsx";
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
  Content: ComponentType<PanelTabProps>;
};

export const panelTabs: readonly PanelTab[] = [
  {
    id: "overview",
    label: "Overview",
    icon: Info,
    Content: lazyPart(async () => (await import("./overview-tab.tsx")).OverviewTab).Part,
  },
  {
    id: "files",
    label: "Files",
    icon: FolderTree,
    Content: lazyPart(async () => (await import("./files-tab.tsx")).FilesTab).Part,
  },
  {
    id: "terminal",
    label: "Terminal",
    icon: SquareTerminal,
    Content: lazyPart(async () => (await import("./terminal-tab.tsx")).TerminalTab).Part,
  },
  {
    id: "network",
    label: "Network",
    icon: Globe,
    Content: lazyPart(async () => (await import("./network-tab.tsx")).NetworkTab).Part,
  },
  {
    id: "ports",
    label: "Ports",
    icon: AppWindow,
    Content: lazyPart(async () => (await import("./ports-tab.tsx")).PortsTab).Part,
  },
  {
    id: "history",
    label: "History",
    icon: History,
    Content: lazyPart(async () => (await import("./history-tab.tsx")).HistoryTab).Part,
  },
  {
    id: "events",
    label: "Events",
    icon: Braces,
    Content: lazyPart(async () => (await import("./events-tab.tsx")).EventsTab).Part,
  },
];
