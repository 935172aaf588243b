// A modal question. The browser's own dialog: focus stays inside, Escape closes it.
"use client";

import { type ReactNode, useEffect, useId, useRef } from "react";

type DialogProps = { open: boolean; onClose: () => void; title: string; children: ReactNode };

export function Dialog({ open, onClose, title, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      onClose={onClose}
      aria-labelledby={titleId}
      className="m-auto w-[min(28rem,calc(100vw-2rem))] rounded-lg border border-line bg-panel p-4 text-text shadow-xl"
    >
      <h2 id={titleId} className="mb-2 text-base font-semibold">
        {title}
      </h2>
      {open && children}
    </dialog>
  );
}
