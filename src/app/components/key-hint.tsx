// The key that does the same as a button. Screen readers hear it from `aria-keyshortcuts`.
import type { ReactNode } from "react";

export function KeyHint({ children }: { children: ReactNode }) {
  return (
    <kbd
      aria-hidden
      className="rounded border border-current/40 px-1 font-mono text-[11px] leading-4 font-normal pointer-coarse:hidden"
    >
      {children}
    </kbd>
  );
}
