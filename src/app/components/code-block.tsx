// A block of code with a button that copies it.
"use client";

import { type ReactNode, useRef } from "react";
import { CopyButton } from "./copy-button.tsx";

export function CodeBlock({ children }: { children?: ReactNode }) {
  const pre = useRef<HTMLPreElement>(null);
  return (
    <div className="group relative">
      <pre
        ref={pre}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
        className="overflow-x-auto rounded-md bg-sunken p-3 font-mono text-[13px] leading-relaxed"
      >
        {children}
      </pre>
      <CopyButton
        text={() => pre.current?.textContent ?? ""}
        label="Copy code"
        className="absolute top-0 right-0 md:top-1 md:right-1 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100"
      />
    </div>
  );
}
