// Around the pages of sessions: beside an open one the list of the others. It stays where it was when another one is opened.
"use client";

import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { useShortcuts } from "../components/use-shortcuts.ts";
import { SessionColumn } from "./session-column.tsx";
import { useSessionColumn } from "./use-session-column.ts";

const OPEN_SESSION = /^\/sessions\/(sesn_[^/]+)/;

export function SessionsFrame({ children }: { children: ReactNode }) {
  const currentId = OPEN_SESSION.exec(usePathname())?.[1];
  const column = useSessionColumn();
  useShortcuts({ "[": column.toggle }, currentId !== undefined);
  return (
    <div className="flex h-full">
      {currentId !== undefined && column.open && <SessionColumn currentId={currentId} onClose={column.toggle} />}
      <div className="h-full min-w-0 flex-1 overflow-y-auto">{children}</div>
    </div>
  );
}
