// Use case: a client sends events to a session. They are stored, the session is put up for work, the caller gets them back.
import type { AgentTool } from "../contract/agents.ts";
import { type EventInput, toWireEvent } from "../contract/events.ts";
import type { Sender } from "../contract/sender.ts";
import { afterCommit, type DatabaseTransaction } from "../db/database.ts";
import { appendEvents, type NewEvent } from "../db/events.ts";
import { listPendingActions, type PendingAction, type SessionRow, updateSession } from "../db/sessions.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { allowTool } from "./allow-tool.ts";
import { getSession } from "./sessions.ts";

/** In a message. */
const MAX_NAMED = 10;

export type SendEvents = ReturnType<typeof createSendEvents>;
/** A log grew to `lastSeq`; `added`, when given, is what it grew by. */
export type LogGrowth = LogWakeup & { added?: readonly NewEvent[] };

/** `onLogGrew` is called once the events are committed. */
export function createSendEvents({ clock, onLogGrew }: { clock: Clock; onLogGrew: (growth: LogGrowth) => void }) {
  return async function sendEvents(
    tx: DatabaseTransaction,
    teamId: string,
    { sessionId, events, sender }: { sessionId: string; events: readonly EventInput[]; sender?: Sender },
  ): Promise<{ data: Record<string, unknown>[] }> {
    const added: NewEvent[] = events.map((event, index) =>
      toNewEvent(event, { id: newId("event", clock.now()), index, sender }),
    );
    const updates: NewEvent[] = [];
    if (events.some((event) => answeredId(event) !== null)) {
      // The row lock keeps the answers of others away: what is pending now is pending when these events are stored.
      const session = await getSession(tx, { teamId, sessionId, forUpdate: true });
      refuseWhenEnded(session);
      const pending = await listPendingActions(tx, sessionId);
      checkAnswers(events, pending);
      const tools = toolsToRemember(events, { pending, tools: session.agent.tools });
      if (tools) {
        const agent = { ...session.agent, tools };
        await updateSession(tx, { teamId, sessionId, ...session, agent });
        const id = newId("event", clock.now());
        updates.push({ id, type: "session.updated", payload: { agent }, processedAt: new Date(clock.now()) });
      }
    }
    const lastSeq = await appendEvents(tx, {
      sessionId,
      ifOpenIn: { teamId },
      // First, so that whoever takes the answers in knows the new policy.
      events: [...updates, ...added],
      changes: { wakeAt: "now" },
    });
    if (lastSeq === null) {
      refuseWhenEnded(await getSession(tx, { teamId, sessionId }));
      throw new PlatformError("unavailable", `Session ${sessionId} was changed at this moment. Try again.`);
    }
    afterCommit(tx, () => onLogGrew({ sessionId, lastSeq, added: [...updates, ...added] }));
    return { data: added.map(toWireEvent) };
  };
}

function refuseWhenEnded(session: SessionRow): void {
  if (session.archivedAt)
    throw new PlatformError(
      "invalid_request",
      `Session ${session.id} is archived and takes no more events. Make a new session to go on.`,
    );
  if (session.status === "terminated")
    throw new PlatformError(
      "invalid_request",
      `Session ${session.id} has ended (terminated) and takes no more events. Make a new session to go on.`,
    );
}

function toNewEvent(
  event: EventInput,
  { id, index, sender }: { id: string; index: number; sender: Sender | undefined },
): NewEvent {
  const { type, ...fields } = event;
  if ("session_thread_id" in fields) {
    if (fields.session_thread_id)
      throw new PlatformError("invalid_request", `events.${index}.session_thread_id: this session has no such thread`);
    delete fields.session_thread_id;
  }
  const decided = type === "user.tool_confirmation" && sender ? { answered_by: sender } : {};
  // For the audit lines of what the session then does.
  const sent = type === "user.message" && sender ? { private: { sender } } : {};
  return { id, type, payload: { ...fields, ...decided }, ...sent, processedAt: null };
}

/** The tool use that an event answers; null for events that answer none. */
function answeredId(event: EventInput): string | null {
  if (event.type === "user.tool_confirmation") return event.tool_use_id;
  if (event.type === "user.custom_tool_result") return event.custom_tool_use_id;
  return null;
}

/** Each answer must be to a tool use of this session that waits for this kind of answer, once. Pure. */
export function checkAnswers(events: readonly EventInput[], pending: readonly PendingAction[]): void {
  const waiting = new Map(pending.map((action) => [action.id, action]));
  for (const [index, event] of events.entries()) {
    const id = answeredId(event);
    if (id === null) continue;
    if (event.type === "user.tool_confirmation" && event.result === "allow" && event.deny_message)
      throw new PlatformError("invalid_request", `events.${index}.deny_message: only goes with result "deny"`);
    if (event.type === "user.tool_confirmation" && event.result === "deny" && event.remember)
      throw new PlatformError("invalid_request", `events.${index}.remember: only goes with result "allow"`);
    const wanted = event.type === "user.tool_confirmation" ? "agent.tool_use" : "agent.custom_tool_use";
    const isWanted = (type: string | undefined) =>
      type === wanted || (wanted === "agent.tool_use" && type === "agent.mcp_tool_use");
    const field = event.type === "user.tool_confirmation" ? "tool_use_id" : "custom_tool_use_id";
    if (!isWanted(waiting.get(id)?.type)) {
      const others = pending.filter((action) => isWanted(action.type)).map((action) => `${action.id} (${action.name})`);
      const more = others.length > MAX_NAMED ? ` and ${others.length - MAX_NAMED} more` : "";
      const now =
        others.length > 0 ? `Waiting now: ${others.slice(0, MAX_NAMED).join(", ")}${more}` : "None is waiting now";
      throw new PlatformError(
        "invalid_request",
        `events.${index}.${field}: no ${wanted} ${id} of this session waits for a ${event.type}. ${now}.`,
      );
    }
    waiting.delete(id);
  }
}

/** The session's tools with those allowed that somebody allowed for good; null when there is nothing to remember. Pure. */
export function toolsToRemember(
  events: readonly EventInput[],
  { pending, tools }: { pending: readonly PendingAction[]; tools: readonly AgentTool[] },
): AgentTool[] | null {
  let changed: AgentTool[] | null = null;
  for (const [index, event] of events.entries()) {
    if (event.type !== "user.tool_confirmation" || !event.remember) continue;
    const { name = "", server = null } = pending.find(({ id }) => id === event.tool_use_id) ?? {};
    changed = allowTool(changed ?? tools, name, server);
    if (!changed)
      throw new PlatformError(
        "invalid_request",
        `events.${index}.remember: ${name} has no policy in this session. Allow this one call instead.`,
      );
  }
  return changed;
}
