// A modal question. The browser's own dialog: focus stays inside, Escape or a click beside it closes it.
"use client";

import { type ReactNode, useEffect, useId, useRef } from "react";
import { classNames } from "../class-names.ts";

type DialogProps = {
  open: boolean;
  onClose: () => void;
  title: string;
  /** What was asked for is being done and cannot be called back: nothing closes it meanwhile. */
  busy?: boolean;
  /** For a list or a long text. */
  wide?: boolean;
  titleHidden?: boolean;
  children: ReactNode;
};

export function Dialog({
  open,
  onClose,
  title,
  busy = false,
  wide = false,
  titleHidden = false,
  children,
}: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does what the click beside the dialog does
    <dialog
      ref={dialog}
      onClose={onClose}
      onCancel={(event) => {
        if (busy) event.preventDefault();
      }}
      // The padding is the inner element's, so that a click on the dialog itself is one on what is behind it.
      onClick={(event) => !busy && event.target === dialog.current && onClose()}
      aria-labelledby={titleId}
      className={classNames(
        "mx-auto rounded-lg border border-line bg-panel p-0 text-text shadow-xl",
        wide ? "mt-[12dvh] mb-auto w-[min(44rem,calc(100vw-2rem))]" : "my-auto w-[min(28rem,calc(100vw-2rem))]",
      )}
    >
      <div className="p-4">
        <h2 id={titleId} className={titleHidden ? "sr-only" : "mb-2 text-base font-semibold"}>
          {title}
        </h2>
        {open && children}
      </div>
    </dialog>
  );
}
