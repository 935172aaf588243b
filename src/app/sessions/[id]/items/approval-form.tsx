// Allow or deny a call; a denial may have a reason that the agent reads.
"use client";

import { useMutation } from "@tanstack/react-query";
import { Ban, Check } from "lucide-react";
import { useState } from "react";
import { Button } from "../../../components/ui/button.tsx";
import { Input } from "../../../components/ui/input.tsx";
import { useBerth } from "../../../providers.tsx";
import type { ToolCallItem } from "../session-view.ts";

export function ApprovalForm({ item, sessionId }: { item: ToolCallItem; sessionId: string }) {
  const berth = useBerth();
  const [reason, setReason] = useState("");
  const decide = useMutation({
    mutationFn: (result: "allow" | "deny") =>
      berth.events.send(sessionId, [
        {
          type: "user.tool_confirmation",
          tool_use_id: item.id,
          result,
          ...(result === "deny" && reason.trim() !== "" ? { deny_message: reason.trim() } : {}),
        },
      ]),
  });
  // After an answer the form stays closed until the stream brings what became of it.
  const decided = decide.isPending || decide.isSuccess;
  return (
    <form
      className="flex flex-wrap items-center gap-2 border-t border-waiting bg-waiting-soft px-3 py-2"
      onSubmit={(event) => event.preventDefault()}
    >
      <p className="basis-full font-medium">Allow this call?</p>
      <Button look="primary" disabled={decided} onClick={() => decide.mutate("allow")}>
        <Check aria-hidden /> Allow
      </Button>
      <Button look="danger" disabled={decided} onClick={() => decide.mutate("deny")}>
        <Ban aria-hidden /> Deny
      </Button>
      <Input
        aria-label="Reason for a denial"
        placeholder="Reason, if you deny (the agent reads it)"
        className="min-w-40 flex-1 max-md:basis-full"
        disabled={decided}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {decide.error && (
        <p role="alert" className="basis-full text-danger">
          {decide.error.message}
        </p>
      )}
    </form>
  );
}
