// Ctrl-K or ⌘K: goes to a session, an agent or a room, or begins something, by a few letters.
"use client";

import { useEffect, useRef, useState } from "react";
import { CommandList } from "./command-list.tsx";
import { FailureNote } from "./failure-note.tsx";
import { Dialog } from "./ui/dialog.tsx";

/** Whoever wants the palette opened by a click says so on the document. */
export const OPEN_PALETTE = "berth:open-palette";

export function CommandPalette() {
  const [open, setOpen] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
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
  const chosen = useRef<(() => void) | null>(null);
  useEffect(() => {
    // The dialog has closed by now, and has given the focus back: what was chosen may take it.
    if (open || !chosen.current) return;
    const act = chosen.current;
    chosen.current = null;
    act();
  }, [open]);
  const close = () => setOpen(false);
  return (
    <>
      <Dialog open={open} onClose={close} title="Find" titleHidden wide>
        <CommandList
          onChosen={(act) => {
            chosen.current = act;
            close();
          }}
          onFailure={setFailure}
        />
      </Dialog>
      <Dialog open={failure !== null} onClose={() => setFailure(null)} title="That did not work">
        <FailureNote error={failure} />
      </Dialog>
    </>
  );
}
