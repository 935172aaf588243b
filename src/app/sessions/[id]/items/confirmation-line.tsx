// Who decided about a call, when, and why.
"use client";

import { visibleExactly } from "../../../../lib/visible-text.ts";
import { RelativeTime } from "../../../components/relative-time.tsx";
import { senderWords } from "../../../components/sender-words.ts";
import type { Confirmation } from "../session-view.ts";

export function ConfirmationLine({ confirmation }: { confirmation: Confirmation }) {
  const { result, message, by, at } = confirmation;
  return (
    <p className="text-[13px] break-words">
      <span className="text-muted">
        {result === "allow" ? "Allowed" : "Denied"}
        {by && ` ${senderWords(by)}`}
        {at && (
          <>
            {" · "}
            <RelativeTime at={at} />
          </>
        )}
      </span>
      {message && <span className="block">Reason: {visibleExactly(message)}</span>}
    </p>
  );
}
