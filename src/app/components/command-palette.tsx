// Ctrl-K or ⌘K: goes to a session, an agent or a room, or begins something, by a few letters.
"use client";

import { useEffect, useState } from "react";
import { CommandList } from "./command-list.tsx";
import { Dialog } from "./ui/dialog.tsx";

/** Whoever wants the palette opened by a click says so on the document. */
export const OPEN_PALETTE = "berth:open-palette";

export function CommandPalette() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      // Over another question it would be in the way.
      setOpen((before) => before || document.querySelector("dialog[open]") === null);
    };
    const onAsk = () => setOpen(true);
    document.addEventListener("keydown", onKey);
    document.addEventListener(OPEN_PALETTE, onAsk);
    return () => {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener(OPEN_PALETTE, onAsk);
    };
  }, []);
  const close = () => setOpen(false);
  return (
    <Dialog open={open} onClose={close} title="Find" titleHidden wide>
      <CommandList onDone={close} />
    </Dialog>
  );
}
