// A document that is not text: it can only be taken away as a file.
"use client";

import { visibleExactly } from "../../../../lib/visible-text.ts";
import { formatBytes } from "../../../components/format.ts";
import { Download, FileText } from "../../../components/icons/icons.tsx";
import { saveBlob } from "../../../components/save-text.ts";
import { Button } from "../../../components/ui/button.tsx";

export function SavedDocument({ title, mediaType, base64 }: { title: string; mediaType: string; base64: string }) {
  const save = () => {
    // Both alphabets are taken by the API.
    const binary = atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    // Never shown by the browser as what it says it is.
    saveBlob(title, new Blob([bytes], { type: "application/octet-stream" }));
  };
  return (
    <p className="flex flex-wrap items-center gap-2 text-muted">
      <FileText aria-hidden className="size-4 shrink-0" />
      <bdi className="min-w-0 wrap-anywhere">{visibleExactly(title)}</bdi>
      <span className="text-[13px] wrap-anywhere">
        {visibleExactly(mediaType)}, {formatBytes(Math.floor((base64.length * 3) / 4))}
      </span>
      <Button size="small" look="quiet" onClick={save}>
        <Download aria-hidden /> Download
      </Button>
    </p>
  );
}
