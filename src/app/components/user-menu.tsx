// Who is logged in, and the way out.
"use client";

import Link from "next/link";
import { CircleUser, Keyboard, KeyRound, LogOut, Settings } from "./icons/icons.tsx";
import { Name } from "./name.tsx";
import { askForKeys } from "./shortcut-help.tsx";
import { Button } from "./ui/button.tsx";
import { Menu, MenuItem, MenuNote, MenuSeparator } from "./ui/menu.tsx";
import { keyNameOf, useLogOut, useSignIn } from "./use-sign-in.ts";

export function UserMenu() {
  const signIn = useSignIn();
  const logOut = useLogOut();
  const keyName = signIn.data ? keyNameOf(signIn.data) : null;
  return (
    <>
      {logOut.error && (
        <span role="alert" className="truncate text-[13px] text-danger">
          {logOut.error.message}
        </span>
      )}
      <Menu
        trigger={
          <Button look="quiet" size="small" title="Who is logged in">
            <CircleUser aria-hidden />
            <span className="sr-only">You:</span>
            <span className="max-w-40 truncate max-md:sr-only">
              {signIn.data && (keyName === null ? "by link" : <Name text={keyName} />)}
            </span>
          </Button>
        }
      >
        {signIn.data && (
          <MenuNote>
            Team <Name text={signIn.data.team.name} />
            <br />
            {keyName === null ? (
              "Logged in with a one-time link"
            ) : (
              <>
                Logged in with the key <Name text={keyName} />
              </>
            )}
          </MenuNote>
        )}
        <MenuSeparator />
        <MenuItem asChild>
          <Link href="/settings">
            <Settings aria-hidden /> Settings
          </Link>
        </MenuItem>
        <MenuItem asChild>
          <Link href="/settings/keys">
            <KeyRound aria-hidden /> API keys
          </Link>
        </MenuItem>
        <MenuItem onSelect={askForKeys}>
          <Keyboard aria-hidden /> Keyboard shortcuts
        </MenuItem>
        <MenuSeparator />
        <MenuItem onSelect={() => logOut.mutate()}>
          <LogOut aria-hidden /> Log out
        </MenuItem>
      </Menu>
    </>
  );
}
