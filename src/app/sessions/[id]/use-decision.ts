// A person's answer to a call that asks.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useBerth } from "../../providers.tsx";
import type { ToolCallItem } from "./session-view.ts";

/** `always`: the tool's policy changes for this session in the same transaction, so that its next calls do not ask. */
type Decision = { result: "allow"; always?: boolean } | { result: "deny"; reason: string };

export function useDecision({ item, sessionId }: { item: ToolCallItem; sessionId: string }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const send = useMutation({
    mutationFn: (decision: Decision) => {
      const reason = decision.result === "deny" && decision.reason !== "" ? { deny_message: decision.reason } : {};
      const remember = decision.result === "allow" && decision.always ? { remember: true } : {};
      return berth.events.send(sessionId, [
        { type: "user.tool_confirmation", tool_use_id: item.id, result: decision.result, ...reason, ...remember },
      ]);
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return {
    decide: (decision: Decision) => send.mutate(decision),
    /** After an answer the form stays closed until the stream brings what became of it. */
    decided: send.isPending || send.isSuccess,
    error: send.error,
  };
}
