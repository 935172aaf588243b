// A person's answer to a call that asks.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useBerth } from "../../providers.tsx";
import { allowTool } from "./allow-tool.ts";
import type { ToolCallItem } from "./session-view.ts";

/** `always`: the tool's policy changes for this session first, so that its next calls do not ask. */
type Decision = { result: "allow"; always?: boolean } | { result: "deny"; reason: string };

export function useDecision({ item, sessionId }: { item: ToolCallItem; sessionId: string }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const send = useMutation({
    mutationFn: async (decision: Decision) => {
      if (decision.result === "allow" && decision.always) await allowFromNowOn();
      const reason = decision.result === "deny" && decision.reason !== "" ? { deny_message: decision.reason } : {};
      await berth.events.send(sessionId, [
        { type: "user.tool_confirmation", tool_use_id: item.id, result: decision.result, ...reason },
      ]);
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  async function allowFromNowOn() {
    const { agent } = await berth.sessions.get(sessionId);
    const tools = allowTool(agent.tools, item.name);
    if (!tools) throw new Error(`${item.name} has no policy in this session. Allow this one call instead.`);
    queries.setQueryData(["session", sessionId], await berth.sessions.update(sessionId, { agent: { tools } }));
  }
  return {
    decide: (decision: Decision) => send.mutate(decision),
    /** After an answer the form stays closed until the stream brings what became of it. */
    decided: send.isPending || send.isSuccess,
    error: send.error,
  };
}
