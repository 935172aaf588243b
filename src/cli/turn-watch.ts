// Follows a session's log far enough to know whether the agent works, waits for a person, or is through. Pure: events in, a state out.
import type {
  AgentCustomToolUseEvent,
  AgentMcpToolUseEvent,
  AgentToolUseEvent,
  SessionEvent,
  StopReason,
} from "../contract/events.ts";

export type OpenCall = AgentToolUseEvent | AgentMcpToolUseEvent | AgentCustomToolUseEvent;

/** A person allows or denies it, unless its policy does. */
export function takesConfirmation(call: OpenCall): boolean {
  return call.type !== "agent.custom_tool_use";
}

/** How a turn came to rest. */
export type Outcome =
  | { kind: "ended" }
  | { kind: "interrupted" }
  | { kind: "waiting"; calls: OpenCall[] }
  | { kind: "failed"; why: string };

export type TurnWatch = {
  take(event: SessionEvent): void;
  /** Null while the agent works, or is about to. */
  outcome(): Outcome | null;
};

const failures: Partial<Record<StopReason["type"], string>> = {
  retries_exhausted: "The turn was given up after an error.",
  budget_reached: "The session's budget is used up.",
  refusal: "The model would not answer.",
};

export function createTurnWatch(): TurnWatch {
  /** Accepted, and not yet in the conversation. */
  const queue = new Set<string>();
  const openCalls = new Map<string, OpenCall>();
  let status: "idle" | "running" | "terminated" | "deleted" = "idle";
  let stopReason: StopReason | null = null;
  let lastError: string | null = null;
  let interrupted = false;

  function take(event: SessionEvent): void {
    switch (event.type) {
      case "user.message":
        if (event.processed_at === null) queue.add(event.id);
        else queue.delete(event.id);
        break;
      case "user.interrupt":
        interrupted = true;
        break;
      case "user.tool_confirmation":
        openCalls.delete(event.tool_use_id);
        break;
      case "user.custom_tool_result":
        openCalls.delete(event.custom_tool_use_id);
        break;
      case "agent.tool_use":
      case "agent.mcp_tool_use":
      case "agent.custom_tool_use":
        openCalls.set(event.id, event);
        break;
      case "agent.tool_result":
        openCalls.delete(event.tool_use_id);
        break;
      case "agent.mcp_tool_result":
        openCalls.delete(event.mcp_tool_use_id);
        break;
      case "session.error":
        lastError = event.error.message;
        break;
      case "session.status_running":
        // After an answer the same turn goes on.
        if (stopReason?.type !== "requires_action") interrupted = false;
        status = "running";
        lastError = null;
        break;
      case "session.status_rescheduled":
        status = "running";
        break;
      case "session.status_idle":
        status = "idle";
        stopReason = event.stop_reason;
        break;
      case "session.status_terminated":
        status = "terminated";
        break;
      case "session.deleted":
        status = "deleted";
        break;
    }
  }

  function outcome(): Outcome | null {
    if (status === "deleted") return { kind: "failed", why: "The session was deleted." };
    if (status === "terminated") return { kind: "failed", why: lastError ?? "The session has ended." };
    if (status === "running") return null;
    if (stopReason?.type === "requires_action") {
      const calls = stopReason.event_ids.flatMap((id) => openCalls.get(id) ?? []);
      return calls.length > 0 ? { kind: "waiting", calls } : null;
    }
    if (queue.size > 0) return null;
    const why = stopReason ? failures[stopReason.type] : undefined;
    if (why !== undefined) return { kind: "failed", why: lastError ?? why };
    return { kind: interrupted ? "interrupted" : "ended" };
  }

  return { take, outcome };
}
