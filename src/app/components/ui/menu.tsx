// A menu behind a button.
"use client";

import { DropdownMenu } from "radix-ui";
import { type ComponentProps, createContext, type ReactNode, use, useRef } from "react";
import { classNames } from "../class-names.ts";

/** Keeps what was chosen until the menu is closed. */
const Chosen = createContext<(act: () => void) => void>((act) => act());

export function Menu({ trigger, children }: { trigger: ReactNode; children: ReactNode }) {
  const chosen = useRef<(() => void) | null>(null);
  function actOnceClosed() {
    const act = chosen.current;
    chosen.current = null;
    // The focus is back on the trigger by then: a dialog that is opened now finds it there, and gives it back.
    if (act) queueMicrotask(act);
  }
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      {/* Within the room, where readers of the screen look for a page's content. */}
      <DropdownMenu.Portal container={document.getElementById("room")}>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          onCloseAutoFocus={actOnceClosed}
          className="z-50 min-w-44 rounded-md border border-line bg-panel p-1 shadow-lg"
        >
          <Chosen
            value={(act) => {
              chosen.current = act;
            }}
          >
            {children}
          </Chosen>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

type MenuItemProps = Omit<ComponentProps<typeof DropdownMenu.Item>, "onSelect"> & {
  danger?: boolean;
  onSelect?: () => void;
};

export function MenuItem({ className, danger = false, onSelect, ...props }: MenuItemProps) {
  const choose = use(Chosen);
  return (
    <DropdownMenu.Item
      {...(onSelect ? { onSelect: () => choose(onSelect) } : {})}
      className={classNames(
        "flex cursor-default items-center gap-2 rounded px-2 py-1.5 outline-none select-none data-disabled:opacity-50 data-highlighted:bg-sunken max-md:py-3 [&_svg]:size-4",
        danger && "text-danger",
        className,
      )}
      {...props}
    />
  );
}

/** Words in a menu that cannot be chosen. */
export function MenuNote({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 py-1.5 text-[13px] text-muted">{children}</DropdownMenu.Label>;
}

export function MenuSeparator() {
  return <DropdownMenu.Separator className="my-1 border-t border-line" />;
}
