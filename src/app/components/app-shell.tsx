// Navigation around every room: on the left, on a phone at the bottom. The login page stands alone.
"use client";

import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { ConnectionNote } from "../live/connection-note.tsx";
import { LiveLists } from "../live/live-lists.tsx";
import { ReleaseNote } from "../live/release-note.tsx";
import { BrowserOnly } from "./browser-only.tsx";
import { CommandPalette } from "./command-palette.tsx";
import { Navigation } from "./navigation.tsx";
import type { NavigationWidth } from "./navigation-width.ts";
import { ServerBanner } from "./server-banner.tsx";
import { ShortcutHelp } from "./shortcut-help.tsx";
import { TopBar } from "./top-bar.tsx";
import { WaitingWatch } from "./waiting-watch.tsx";

export function AppShell({ navigation, children }: { navigation: NavigationWidth; children: ReactNode }) {
  const pathname = usePathname();
  if (pathname === "/login") return <main>{children}</main>;
  return (
    <div className="flex h-dvh flex-col md:flex-row">
      <a
        href="#room"
        className="absolute left-2 z-50 -translate-y-20 rounded-md bg-accent px-3 py-1 text-on-accent focus:translate-y-2"
      >
        Skip to content
      </a>
      <Navigation pathname={pathname} initialWidth={navigation} />
      <div className="order-first flex min-h-0 min-w-0 flex-1 flex-col md:order-none">
        <TopBar />
        <ServerBanner />
        <ConnectionNote />
        <ReleaseNote />
        <main id="room" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none">
          <BrowserOnly>{children}</BrowserOnly>
        </main>
      </div>
      <BrowserOnly>
        <LiveLists />
        <CommandPalette />
        <ShortcutHelp />
        <WaitingWatch />
      </BrowserOnly>
    </div>
  );
}
