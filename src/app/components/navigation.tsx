// Ways to the rooms: on the left, wide or narrow as the person likes it; on a phone along the bottom.
"use client";

import Link from "next/link";
import { useState } from "react";
import { classNames } from "./class-names.ts";
import type { Icon } from "./icons/create-icon.tsx";
import {
  Activity,
  Anchor,
  Bot,
  ChartColumn,
  Globe,
  Hand,
  LockKeyhole,
  MessagesSquare,
  PanelLeftClose,
  PanelLeftOpen,
  Settings,
  SquareTerminal,
} from "./icons/icons.tsx";
import { keepNavigation, type NavigationWidth } from "./navigation-width.ts";
import { WaitingBadge } from "./waiting-badge.tsx";

type Room = {
  href: string;
  label: string;
  icon: Icon;
  owns: (path: string) => boolean;
  /** Not in the bar of a phone. */
  wide?: true;
};
const rooms: readonly Room[] = [
  {
    href: "/",
    label: "Sessions",
    icon: MessagesSquare,
    owns: (path: string) => path === "/" || path.startsWith("/sessions"),
  },
  { href: "/approvals", label: "Approvals", icon: Hand, owns: (path: string) => path.startsWith("/approvals") },
  { href: "/agents", label: "Agents", icon: Bot, owns: (path: string) => path.startsWith("/agents") },
  { href: "/running", label: "Running", icon: Activity, owns: (path: string) => path.startsWith("/running") },
  // On a phone there is room for the five that are needed on the way; the settings lead to the others.
  { href: "/usage", label: "Usage", icon: ChartColumn, owns: (path: string) => path.startsWith("/usage"), wide: true },
  {
    href: "/environments",
    label: "Environments",
    icon: SquareTerminal,
    owns: (path: string) => path.startsWith("/environments"),
    wide: true,
  },
  {
    href: "/network",
    label: "Network",
    icon: Globe,
    owns: (path: string) => path.startsWith("/network"),
    wide: true,
  },
  {
    href: "/vaults",
    label: "Vaults",
    icon: LockKeyhole,
    owns: (path: string) => path.startsWith("/vaults"),
    wide: true,
  },
  { href: "/settings", label: "Settings", icon: Settings, owns: (path: string) => path.startsWith("/settings") },
];

type NavigationProps = { pathname: string; initialWidth: NavigationWidth };

export function Navigation({ pathname, initialWidth }: NavigationProps) {
  const [width, setWidth] = useState(initialWidth);
  const narrow = width === "narrow";
  const toggle = () => {
    const next = narrow ? "wide" : "narrow";
    setWidth(next);
    keepNavigation(next);
  };
  const label = narrow ? "md:sr-only" : undefined;
  return (
    <nav
      aria-label="Pages"
      className={classNames(
        "flex shrink-0 gap-1 border-line bg-panel p-2 max-md:justify-around max-md:border-t max-md:pb-[max(0.5rem,env(safe-area-inset-bottom))] md:flex-col md:border-r",
        narrow ? "md:w-13" : "md:w-44",
      )}
    >
      <Link href="/" className="mb-2 hidden items-center gap-2 px-2 py-1 text-base font-semibold md:flex">
        <Anchor aria-hidden className="size-4 shrink-0 text-accent" /> <span className={label}>Berth</span>
      </Link>
      {rooms.map((room) => (
        <RoomLink key={room.href} room={room} here={room.owns(pathname)} narrow={narrow} />
      ))}
      <button
        type="button"
        aria-expanded={!narrow}
        title={narrow ? "Show the names" : "Icons only"}
        className="mt-auto hidden items-center gap-2 rounded-md px-2 py-1.5 text-muted hover:bg-sunken hover:text-text md:flex"
        onClick={toggle}
      >
        {narrow ? <PanelLeftOpen aria-hidden className="size-4" /> : <PanelLeftClose aria-hidden className="size-4" />}
        <span className={label}>{narrow ? "Show the names" : "Icons only"}</span>
      </button>
    </nav>
  );
}

function RoomLink({ room, here, narrow }: { room: Room; here: boolean; narrow: boolean }) {
  const { href, label, icon: Icon, wide } = room;
  return (
    <Link
      href={href}
      aria-current={here ? "page" : undefined}
      title={narrow ? label : undefined}
      className={classNames(
        "relative flex items-center gap-2 rounded-md px-2 py-1.5 text-muted hover:bg-sunken hover:text-text max-md:flex-col max-md:gap-0.5 max-md:px-1.5 max-md:text-xs",
        wide && "max-md:hidden",
        here && "bg-accent-soft font-medium text-accent hover:bg-accent-soft hover:text-accent",
      )}
    >
      <Icon aria-hidden className="size-4 shrink-0 max-md:size-5" />
      <span className={narrow ? "md:sr-only" : undefined}>{label}</span>
      {href === "/approvals" && <WaitingBadge corner={narrow} />}
    </Link>
  );
}
