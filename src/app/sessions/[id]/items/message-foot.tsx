// Below a message: when it was said, a button that copies it, and what else can be done from it.
"use client";

import type { ReactNode } from "react";
import { CopyButton } from "../../../components/copy-button.tsx";
import { RelativeTime } from "../../../components/relative-time.tsx";

type MessageFootProps = { at: string | null; text: string; children?: ReactNode };

export function MessageFoot({ at, text, children }: MessageFootProps) {
  if (at === null && text === "") return null;
  return (
    <div className="-mr-2 flex h-5 items-center gap-1 text-xs text-muted">
      {at !== null && <RelativeTime at={at} />}
      {text !== "" && (
        <CopyButton text={text} label="Copy message" className="h-5 text-xs [&_svg]:size-3.5 max-md:-my-3" />
      )}
      {children}
    </div>
  );
}
