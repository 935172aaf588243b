// Above every room: the team, the palette, whether what is shown is live, and who is logged in.
"use client";

import Link from "next/link";
import { ConnectionState } from "../live/connection-state.tsx";
import { BrowserOnly } from "./browser-only.tsx";
import { OPEN_PALETTE } from "./command-palette.tsx";
import { Anchor, Search } from "./icons/icons.tsx";
import { KeyHint } from "./key-hint.tsx";
import { Name } from "./name.tsx";
import { Button } from "./ui/button.tsx";
import { useCommandKey } from "./use-command-key.ts";
import { useSignIn } from "./use-sign-in.ts";
import { UserMenu } from "./user-menu.tsx";

export function TopBar() {
  const commandKey = useCommandKey();
  return (
    // Not a <header>: each room has its own.
    <section
      aria-label="Top bar"
      className="flex h-11 shrink-0 items-center gap-3 border-b border-line bg-panel px-4 max-md:h-12 max-md:gap-1 max-md:pr-1"
    >
      <Link href="/" aria-label="Berth" className="flex items-center md:hidden">
        <Anchor aria-hidden className="size-5 text-accent" />
      </Link>
      <BrowserOnly>
        <TeamName />
        <Button
          look="plain"
          size="small"
          className="ml-auto text-muted max-md:border-transparent max-md:bg-transparent md:w-56 md:justify-start"
          title="Find a session, an agent, an action"
          aria-keyshortcuts="Control+K Meta+K"
          onClick={() => document.dispatchEvent(new Event(OPEN_PALETTE))}
        >
          <Search aria-hidden />
          <span className="flex-1 text-left max-md:sr-only">Find</span>
          <span className="max-md:hidden">
            <KeyHint>{commandKey}</KeyHint>
          </span>
        </Button>
        <ConnectionState />
        <UserMenu />
      </BrowserOnly>
    </section>
  );
}

function TeamName() {
  const signIn = useSignIn();
  return (
    <span className="min-w-0 truncate text-[13px] text-muted">
      {signIn.data && (
        <>
          Team <Name text={signIn.data.team.name} />
        </>
      )}
    </span>
  );
}
