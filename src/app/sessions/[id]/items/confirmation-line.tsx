// Who decided about a call, when, and why.
"use client";

import type { Sender } from "../../../../contract/events.ts";
import { visibleExactly, visibleName } from "../../../../lib/visible-text.ts";
import { RelativeTime } from "../../../components/relative-time.tsx";
import type { Confirmation } from "../session-view.ts";

export function ConfirmationLine({ confirmation }: { confirmation: Confirmation }) {
  const { result, message, by, at } = confirmation;
  return (
    <p className="text-[13px] break-words">
      <span className="text-muted">
        {result === "allow" ? "Allowed" : "Denied"}
        {by && ` ${nameOf(by)}`}
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

function nameOf(sender: Sender): string {
  return sender.type === "api_key" ? `with the key ${visibleName(sender.name)}` : "in the dashboard";
}
