// A block of code with a button that copies it.
"use client";

import { isValidElement, type ReactNode, useRef } from "react";
import { CopyButton } from "./copy-button.tsx";
import { HighlightedCode } from "./highlighted-code.tsx";

export function CodeBlock({ children }: { children?: ReactNode }) {
  const source = readSource(children);
  const pre = useRef<HTMLPreElement>(null);
  return (
    <div className="group relative">
      <pre
        ref={pre}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
        className="overflow-x-auto rounded-md bg-sunken p-3 font-mono text-[13px] leading-relaxed"
      >
        {source ? <HighlightedCode {...source} /> : children}
      </pre>
      <CopyButton
        text={() => pre.current?.textContent ?? ""}
        label="Copy code"
        className="absolute top-0 right-0 md:top-1 md:right-1 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100"
      />
    </div>
  );
}

/** Markdown gives a block as `<code class="language-x">`; null when it names no language or is anything else. */
function readSource(children: ReactNode): { code: string; language: string } | null {
  if (!isValidElement<{ className?: unknown; children?: unknown }>(children)) return null;
  const { className, children: code } = children.props;
  const language = typeof className === "string" ? /\blanguage-(\S+)/.exec(className)?.[1] : undefined;
  return typeof code === "string" && language ? { code, language } : null;
}
