// Folds a session's events into what the page shows. Pure: the same events give the same view, however they are cut.
import { errorTitle } from "../../../client/error-words.ts";
import { preparationWords } from "../../../client/preparation-words.ts";
import { restoredWords } from "../../../client/restored-words.ts";
import { securityWords } from "../../../client/rule-words.ts";
import type { PreviewEvent, SessionEvent, SessionEventType, StreamEvent } from "../../../contract/events.ts";
import { isPreview, isToolOutput } from "../../../contract/previews.ts";
import { addOutput } from "./live-output.ts";
import { mendedAt, type NoteItem, type SessionView, type ToolCallItem, type UserMessageItem } from "./session-view.ts";
import { ViewDraft } from "./view-draft.ts";

/** `seq` is the place in the log; null for previews. Stored events come in order; one that was seen before is skipped. */
export type SequencedEvent = { seq: number | null; event: StreamEvent };

export function foldEvents(view: SessionView, events: readonly SequencedEvent[]): SessionView {
  const draft = new ViewDraft(view, events.length);
  for (const { seq, event } of events) {
    if (isPreview(event)) foldPreview(draft, event);
    else if (seq !== null && seq > draft.view.lastSeq) {
      draft.view.lastSeq = seq;
      foldStored(draft, event);
    }
  }
  return draft.view;
}

/** After a broken connection the rest of a preview is lost: what is there stays, and its message will replace it. */
export function cutPreviews(view: SessionView): SessionView {
  const draft = new ViewDraft(view, 1);
  draft.endPreviews();
  return draft.view;
}

function foldPreview(draft: ViewDraft, event: PreviewEvent): void {
  if (event.type === "event_start") {
    const { id, type } = event.event;
    const known = draft.get(id);
    // `at` is set by the stored event, which is final: a preview that comes late changes nothing.
    if (known && "at" in known && known.at !== null) return;
    if (type === "agent.message") draft.put({ kind: "agent_message", id, text: "", state: "writing", at: null });
    else if (type === "agent.thinking") draft.put({ kind: "thinking", id, state: "thinking", at: null });
    return;
  }
  if (isToolOutput(event)) {
    draft.changeCall(event.tool_use_id, (call) =>
      call.result === null ? { ...call, output: addOutput(call.output, event) } : call,
    );
    return;
  }
  const item = draft.get(event.event_id);
  if (item?.kind !== "agent_message" || item.state !== "writing") return;
  draft.put({ ...item, text: item.text + event.delta.content.text });
}

function foldStored(draft: ViewDraft, event: SessionEvent): void {
  // A type that this release does not know has nothing to show, whatever its name.
  if (!Object.hasOwn(folds, event.type)) return;
  // The table has one entry a type, each for its own event.
  const fold = folds[event.type] as (draft: ViewDraft, event: SessionEvent) => void;
  fold(draft, event);
}

const rescheduledNotes: Partial<Record<string, string>> = {
  worker_changed: "Worker changed, nothing lost.",
  sandbox_limit:
    "Waits for a sandbox: its team runs as many as it may (BERTH_TEAM_SANDBOXES). It goes on when another one sleeps.",
  model_busy: "Waits for its turn at the model: many requests to it are under way.",
};
const stateByPermission = { allow: "running", ask: "asking", deny: "denied" } as const;

const folds: { [Type in SessionEventType]: (draft: ViewDraft, event: Extract<SessionEvent, { type: Type }>) => void } =
  {
    /** Comes twice: accepted (in the queue), then where it entered the conversation. */
    "user.message"(draft, event) {
      const { view } = draft;
      const item: UserMessageItem = {
        kind: "user_message",
        id: event.id,
        content: event.content,
        at: event.processed_at,
      };
      view.queued = view.queued.filter((each) => each.id !== event.id);
      if (event.withdrawn) return;
      if (event.processed_at === null) view.queued = [...view.queued, item];
      else draft.put(item);
    },
    "user.interrupt"(draft, event) {
      if (event.processed_at !== null) {
        draft.put(noteOf(event, "Interrupted."));
      }
    },
    "user.tool_confirmation"(draft, event) {
      const allowed = event.result === "allow";
      draft.changeCall(event.tool_use_id, (call) => ({
        ...call,
        confirmation: {
          result: event.result,
          message: event.deny_message ?? null,
          by: event.answered_by ?? null,
          at: event.processed_at,
        },
        state: call.state === "asking" ? (allowed ? "running" : "denied") : call.state,
        startedAt: allowed ? (event.processed_at ?? call.startedAt) : null,
      }));
    },
    "user.custom_tool_result"(draft, event) {
      draft.changeCall(event.custom_tool_use_id, (call) => ({
        ...call,
        state: event.is_error ? "failed" : "done",
        result: event.content ?? [],
        endedAt: event.processed_at ?? call.endedAt,
      }));
    },
    "agent.message"(draft, event) {
      const text = event.content.map((block) => block.text).join("\n\n");
      draft.put({ kind: "agent_message", id: event.id, text, state: "done", at: event.processed_at });
    },
    "agent.thinking"(draft, event) {
      draft.put({ kind: "thinking", id: event.id, state: "done", at: event.processed_at });
    },
    "agent.tool_use"(draft, event) {
      draft.put({
        ...newCall(event),
        requestId: draft.openRequest(),
        owner: "agent",
        state: stateByPermission[event.evaluated_permission],
        startedAt: event.evaluated_permission === "allow" ? event.processed_at : null,
      });
    },
    "agent.mcp_tool_use"(draft, event) {
      draft.put({
        // Not the name alone: it may be that of another tool.
        ...newCall({ ...event, name: `${event.mcp_server_name} / ${event.name}` }),
        requestId: draft.openRequest(),
        owner: "agent",
        state: stateByPermission[event.evaluated_permission],
        startedAt: event.evaluated_permission === "allow" ? event.processed_at : null,
      });
    },
    "agent.mcp_tool_result"(draft, event) {
      draft.changeCall(event.mcp_tool_use_id, (call) => ({
        ...call,
        state: call.state === "denied" ? "denied" : event.is_error ? "failed" : "done",
        result: event.content,
        durationMs: event.duration_ms ?? null,
        endedAt: event.processed_at,
      }));
    },
    "agent.custom_tool_use"(draft, event) {
      draft.put({
        ...newCall(event),
        requestId: draft.openRequest(),
        owner: "client",
        state: "awaiting_result",
        startedAt: event.processed_at,
      });
    },
    "agent.tool_result"(draft, event) {
      draft.changeCall(event.tool_use_id, (call) => ({
        ...call,
        state: call.state === "denied" ? "denied" : event.is_error ? "failed" : "done",
        output: null,
        result: event.content,
        exitCode: event.exit_code ?? null,
        durationMs: event.duration_ms ?? null,
        endedAt: event.processed_at,
      }));
    },
    "agent.thread_context_compacted"(draft, event) {
      draft.put(noteOf(event, "The conversation was long, so its older part was summarised."));
    },
    "session.status_running"(draft, event) {
      draft.view.status = "running";
      draft.view.stopReason = null;
      draft.openTurn(event.id).startedAt ??= event.processed_at;
    },
    "session.status_idle"(draft, event) {
      draft.view.status = "idle";
      draft.view.stopReason = event.stop_reason;
      draft.view.cloning = [];
      draft.endPreviews();
      // The turn waits for an answer and goes on with it.
      if (event.stop_reason.type === "requires_action") return;
      if (event.stop_reason.type === "budget_reached") {
        draft.put(noteOf(event, "The session's budget is used up."));
      }
      draft.endTurn(event.processed_at);
    },
    "session.status_rescheduled"(draft, event) {
      draft.view.status = "rescheduling";
      const text = event.reason && rescheduledNotes[event.reason];
      if (text) draft.put(noteOf(event, text));
    },
    "session.status_terminated"(draft, event) {
      draft.view.status = "terminated";
      draft.endPreviews();
      draft.put(noteOf(event, "The session has ended."));
      draft.endTurn(event.processed_at);
    },
    "session.deleted"(draft, event) {
      draft.view.status = "deleted";
      draft.endPreviews();
      draft.endTurn(event.processed_at);
    },
    "session.error"(draft, event) {
      const { type, message, retry_status } = event.error;
      draft.endPreviews();
      draft.put({
        kind: "error",
        id: event.id,
        errorType: type,
        title: errorTitle({
          type,
          environmentId: event.error.environment_id ?? null,
          mcpServerName: event.error.mcp_server_name ?? null,
        }),
        mendedAt: mendedAt(event.error),
        message,
        retry: retry_status.type,
        at: event.processed_at,
      });
    },
    "session.updated"(draft, event) {
      if (event.title !== undefined) draft.view.title = event.title;
      if (event.agent === undefined) return;
      const text = `The agent's settings for this session were changed. Model: ${event.agent.model.id}`;
      draft.putAside(noteOf(event, text));
    },
    "session.restored"(draft, event) {
      draft.putAside({
        kind: "receipt",
        id: event.id,
        text: restoredWords(event),
        receipt: event,
        at: event.processed_at,
      });
    },
    "session.rewound"(draft, event) {
      draft.view.status = "idle";
      draft.goBackBefore(event.event_id, event.processed_at);
      draft.putAside(noteOf(event, "Went back to here. What followed was taken back."));
    },
    "session.forked"(draft, event) {
      draft.view.status = "idle";
      draft.endTurn(event.processed_at);
      draft.putAside(noteOf(event, "Forked here: what is above was copied from another session."));
    },
    "session.packages"(draft, event) {
      draft.putAside(noteOf(event, preparationWords(event)));
    },
    "session.repository"(draft, event) {
      const others = draft.view.cloning.filter((id) => id !== event.resource_id);
      draft.view.cloning = event.status === "cloning" ? [...others, event.resource_id] : others;
      draft.putAside(noteOf(event, preparationWords(event)));
    },
    "session.egress_refused"(draft, event) {
      draft.putAside(noteOf(event, `${securityWords(event)} Details are in the tab Network.`));
    },
    "session.usage"(draft, event) {
      draft.view.usage = event.usage;
    },
    "span.model_request_start"(draft, event) {
      const turn = draft.openTurn(event.id);
      turn.openRequests = [...turn.openRequests, event.id];
    },
    "span.model_request_end"(draft, event) {
      const { tokens } = draft.view;
      const used = event.model_usage;
      draft.view.tokens = {
        input_tokens: tokens.input_tokens + used.input_tokens,
        output_tokens: tokens.output_tokens + used.output_tokens,
        cache_read_input_tokens: tokens.cache_read_input_tokens + used.cache_read_input_tokens,
        cache_creation_input_tokens: tokens.cache_creation_input_tokens + used.cache_creation_input_tokens,
      };
      const turn = draft.openTurn(event.id);
      turn.openRequests = turn.openRequests.filter((id) => id !== event.model_request_start_id);
      draft.endPreviews();
    },
  };

function noteOf({ id, processed_at: at }: { id: string; processed_at: string | null }, text: string): NoteItem {
  return { kind: "note", id, text, at };
}

function newCall(event: {
  id: string;
  name: string;
  input: Record<string, unknown>;
  processed_at: string;
}): Omit<ToolCallItem, "state" | "startedAt" | "owner" | "requestId"> {
  return {
    kind: "tool_call",
    id: event.id,
    name: event.name,
    input: event.input,
    askedAt: event.processed_at,
    endedAt: null,
    output: null,
    result: null,
    exitCode: null,
    durationMs: null,
    confirmation: null,
  };
}
