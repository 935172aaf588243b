// Says that a link names an event that this session does not have.
"use client";

import { visibleExactly } from "../../../lib/visible-text.ts";
import { X } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";

export function MissingEvent({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <div role="status" className="flex items-center gap-2 border-b border-line bg-waiting-soft px-4 py-1 text-[13px]">
      <p className="mr-auto min-w-0 wrap-anywhere">
        The link leads to an event that this session does not have:{" "}
        <span className="font-mono">{visibleExactly(id)}</span>
      </p>
      <Button look="quiet" size="icon" aria-label="Close this note" onClick={onClose}>
        <X aria-hidden />
      </Button>
    </div>
  );
}
