// Which sessions a list shows, as the page's address says it. Pure.
import { STATE_WORDS, sessionState } from "../../client/session-state.ts";
import type { SessionQuery } from "../../client/sessions.ts";
import type { Session } from "../../contract/sessions.ts";

export type SessionFilter = { state: keyof typeof states; agentId: string | null; archived: boolean };

/** `query`: what the server can choose by; `holds`: what belongs, exactly. */
const states = {
  all: { word: "All", query: {}, holds: () => true },
  waiting: {
    word: STATE_WORDS.waiting_for_you,
    query: { waiting_for: "tool_confirmation" },
    holds: (session) => sessionState(session) === "waiting_for_you",
  },
  program: {
    word: STATE_WORDS.waiting_for_program,
    query: { waiting_for: "custom_tool_result" },
    holds: (session) => sessionState(session) === "waiting_for_program",
  },
  running: {
    word: STATE_WORDS.running,
    query: { statuses: ["running", "rescheduling"] },
    holds: ({ status }) => status === "running" || status === "rescheduling",
  },
  idle: {
    word: STATE_WORDS.idle,
    query: { statuses: ["idle"] },
    holds: (session) => session.status === "idle" && !sessionState(session).startsWith("waiting"),
  },
} as const satisfies Record<string, { word: string; query: SessionQuery; holds: (session: Session) => boolean }>;

export const FILTER_STATES = Object.entries(states).map(([state, { word }]) => ({
  // The keys of this very object.
  state: state as SessionFilter["state"],
  word,
}));

/** Words that it does not know are as if they were not there. */
export function readFilter(params: URLSearchParams): SessionFilter {
  const state = FILTER_STATES.find((known) => known.state === params.get("state"))?.state ?? "all";
  return { state, agentId: params.get("agent") || null, archived: params.get("archived") === "1" };
}

export function filterPath({ state, agentId, archived }: SessionFilter): string {
  const params = new URLSearchParams();
  if (state !== "all") params.set("state", state);
  if (agentId) params.set("agent", agentId);
  if (archived) params.set("archived", "1");
  return params.size === 0 ? "/" : `/?${params}`;
}

export function filterQuery({ state, agentId, archived }: SessionFilter): SessionQuery {
  return {
    ...states[state].query,
    ...(agentId ? { agent_id: agentId } : {}),
    ...(archived ? { include_archived: true } : {}),
  } as SessionQuery;
}

export function belongsTo({ state, agentId, archived }: SessionFilter, session: Session): boolean {
  if (session.archived_at !== null && !archived) return false;
  return (agentId === null || session.agent.id === agentId) && states[state].holds(session);
}
