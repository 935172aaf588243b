// Copies a text and says so.
"use client";

import { Check, Copy } from "./icons/icons.tsx";
import { Button } from "./ui/button.tsx";
import { useCopy } from "./use-copy.ts";

/** `text` may be a function when it is costly or known only when asked for. */
export function CopyButton({
  text,
  label,
  className,
}: {
  text: string | (() => string);
  label: string;
  className?: string;
}) {
  const { copied, available, copy } = useCopy();
  if (!available) return null;
  return (
    <Button
      look="quiet"
      size="small"
      className={className}
      onClick={() => copy(typeof text === "string" ? text : text())}
      aria-label={copied ? "Copied" : label}
      title={label}
    >
      {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
    </Button>
  );
}
