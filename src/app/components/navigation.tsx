// Ways to the rooms.
"use client";

import Link from "next/link";
import { classNames } from "./class-names.ts";
import { OPEN_PALETTE } from "./command-palette.tsx";
import type { Icon } from "./icons/create-icon.tsx";
import {
  Activity,
  Anchor,
  Bot,
  ChartColumn,
  Hand,
  MessagesSquare,
  Search,
  Settings,
  SquareTerminal,
} from "./icons/icons.tsx";
import { KeyHint } from "./key-hint.tsx";
import { useCommandKey } from "./use-command-key.ts";
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
  { href: "/settings", label: "Settings", icon: Settings, owns: (path: string) => path.startsWith("/settings") },
];

export function Navigation({ pathname }: { pathname: string }) {
  const commandKey = useCommandKey();
  return (
    <nav
      aria-label="Pages"
      className="flex shrink-0 gap-1 border-line bg-panel p-2 max-md:justify-around max-md:border-t max-md:pb-[max(0.5rem,env(safe-area-inset-bottom))] md:w-44 md:flex-col md:border-r"
    >
      <Link href="/" className="mb-2 hidden items-center gap-2 px-2 py-1 text-base font-semibold md:flex">
        <Anchor aria-hidden className="size-4 text-accent" /> Berth
      </Link>
      <button
        type="button"
        className="flex items-center gap-2 rounded-md px-2 py-1 text-muted hover:bg-sunken max-md:order-last max-md:flex-col max-md:gap-0.5 max-md:min-h-[44px] max-md:justify-center max-md:px-1.5 max-md:py-1.5 max-md:text-xs md:mb-2 md:border md:border-line"
        aria-keyshortcuts="Control+K Meta+K"
        onClick={() => document.dispatchEvent(new Event(OPEN_PALETTE))}
      >
        <Search aria-hidden className="size-4 max-md:size-5" /> <span className="flex-1 text-left">Find</span>{" "}
        <span className="max-md:hidden">
          <KeyHint>{commandKey}</KeyHint>
        </span>
      </button>
      {rooms.map(({ href, label, icon: Icon, owns, wide }) => {
        const here = owns(pathname);
        return (
          <Link
            key={href}
            href={href}
            aria-current={here ? "page" : undefined}
            className={classNames(
              "relative flex items-center gap-2 rounded-md px-2 py-1.5 text-muted hover:bg-sunken hover:text-text max-md:flex-col max-md:gap-0.5 max-md:px-1.5 max-md:text-xs",
              wide && "max-md:hidden",
              here && "bg-accent-soft font-medium text-accent hover:bg-accent-soft hover:text-accent",
            )}
          >
            <Icon aria-hidden className="size-4 max-md:size-5" /> {label}
            {href === "/approvals" && <WaitingBadge />}
          </Link>
        );
      })}
    </nav>
  );
}
