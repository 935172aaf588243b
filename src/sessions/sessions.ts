// Use cases of sessions: make, read, change, list, archive, delete. Their events: send-events.ts; their turns: turns.ts.
import { isDeepStrictEqual } from "node:util";
import { getAgent } from "../agents/agents.ts";
import { checkMcp, toModel, toTools } from "../agents/definition.ts";
import { environmentForSession } from "../agents/environments.ts";
import type { SessionAgent, SessionAgentInput } from "../contract/agents.ts";
import { toWireEvent } from "../contract/events.ts";
import { patchMetadata } from "../contract/fields.ts";
import { MAX_METADATA_KEYS } from "../contract/metadata-limits.ts";
import { reachesAmount, toMonetaryAmount } from "../contract/money.ts";
import type { BidirectionalPage, Page } from "../contract/page.ts";
import type { Sender } from "../contract/sender.ts";
import type {
  Budget,
  CreateSessionInput,
  ListEventsQuery,
  ListSessionsQuery,
  Session,
  UpdateSessionInput,
} from "../contract/sessions.ts";
import { type Place, readChanges } from "../db/changes.ts";
import { afterCommit, type Database, type DatabaseTransaction } from "../db/database.ts";
import { appendEvents, listEvents } from "../db/events.ts";
import {
  archiveSession,
  deleteSession,
  findSession,
  insertSession,
  listSessions,
  type SessionRow,
  updateSession,
} from "../db/sessions.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { isId, newId } from "../lib/ids.ts";
import { readPage } from "../lib/page-cursor.ts";
import type { PutResourceToken } from "../secrets/resource-tokens.ts";
import { checkVaultsForSession } from "../secrets/vaults.ts";
import { attachResources } from "./attach-resources.ts";

const DEFAULT_PAGE = 20;
const DEFAULT_EVENTS_PAGE = 1000;

export type Sessions = ReturnType<typeof createSessions>;
/** `xid` tells states of the same thing apart. `session` null: deleted. Of the others only that they changed is told. */
export type TeamChange = { teamId: string; id: string; xid: string } & (
  | { kind: "session"; session: Session | null }
  | { kind: "agent" | "environment" | "vault" | "api_key" }
);

/** Changes take the caller's transaction; reads use the pool. `onLogGrew` is called once a change is committed. */
export function createSessions({
  db,
  clock,
  putToken,
  onLogGrew,
}: {
  db: Database;
  clock: Clock;
  putToken: PutResourceToken;
  onLogGrew: (wakeup: LogWakeup) => void;
}) {
  const toWire = (row: SessionRow) => toSession(row, clock.now());

  return {
    /** `sender`: who asks for it, and so sends its first messages. */
    async create(
      tx: DatabaseTransaction,
      teamId: string,
      { input, sender }: { input: CreateSessionInput; sender?: Sender },
    ): Promise<Session> {
      const asked = input.agent ?? input.agent_id;
      if (asked === undefined) throw new PlatformError("invalid_request", "agent: is required");
      const agent = await resolveAgent(tx, teamId, asked);
      const environment = await environmentForSession(tx, { teamId, environmentId: input.environment_id });
      const vaultIds = input.vault_ids ?? [];
      await checkVaultsForSession(tx, { teamId, vaultIds });
      const id = newId("session", clock.now());
      await insertSession(tx, {
        id,
        teamId,
        agent,
        environmentId: environment.id,
        title: input.title || null,
        metadata: { ...input.metadata },
        vaultIds,
        budget: input.budget ?? null,
        now: new Date(clock.now()),
      });
      const inputs = input.resources ?? [];
      await attachResources(tx, { putToken, clock }, { teamId, sessionId: id, inputs, prefix: "resources" });
      const events = (input.initial_events ?? []).map(({ type, ...payload }) => ({
        id: newId("event", clock.now()),
        type,
        payload,
        ...(sender ? { private: { sender } } : {}),
        processedAt: null,
      }));
      if (events.length > 0) await appendEvents(tx, { sessionId: id, events, changes: { wakeAt: "now" } });
      afterCommit(tx, () => onLogGrew({ sessionId: id, lastSeq: events.length }));
      return toWire(await getSession(tx, { teamId, sessionId: id }));
    },

    async get(teamId: string, sessionId: string): Promise<Session> {
      return toWire(await getSession(db, { teamId, sessionId }));
    },

    /** What changed is told by one `session.updated`. */
    async update(
      tx: DatabaseTransaction,
      teamId: string,
      { sessionId, input }: { sessionId: string; input: UpdateSessionInput },
    ): Promise<Session> {
      const before = await getSession(tx, { teamId, sessionId, forUpdate: true });
      if (before.archivedAt)
        throw new PlatformError("invalid_request", `Session ${sessionId} is archived and cannot be changed.`);
      const after = {
        title: input.title === undefined ? before.title : input.title || null,
        metadata: patchMetadata(before.metadata, input.metadata),
        agent: updatedAgent(before, input),
        budget: updatedBudget(before, input.budget),
      };
      if (Object.keys(after.metadata).length > MAX_METADATA_KEYS)
        throw new PlatformError("invalid_request", `metadata: at most ${MAX_METADATA_KEYS} keys`);
      const changed = changedFields(before, after);
      if (Object.keys(changed).length === 0) return toWire(before);
      await updateSession(tx, { teamId, sessionId, ...after });
      const event = { id: newId("event", clock.now()), type: "session.updated", payload: changed };
      const events = [{ ...event, processedAt: new Date(clock.now()) }];
      // A session that stopped at its budget goes on with the new one.
      const wake = "budget" in changed ? { changes: { wakeAt: "now" as const } } : {};
      const lastSeq = await appendEvents(tx, { sessionId, events, ...wake });
      afterCommit(tx, () => onLogGrew({ sessionId, lastSeq: lastSeq ?? 0 }));
      return toWire(await getSession(tx, { teamId, sessionId }));
    },

    async list(teamId: string, query: ListSessionsQuery): Promise<BidirectionalPage<Session>> {
      // Neither deployments nor memory stores exist in this release, so no session belongs to one.
      if (query.deployment_id !== undefined || query.memory_store_id !== undefined)
        return { data: [], next_page: null, prev_page: null };
      const page = await readPage({
        kind: "session",
        order: query.order ?? "desc",
        limit: query.limit ?? DEFAULT_PAGE,
        cursor: query.page,
        positionOf: (row: SessionRow) => row,
        read: (request) =>
          listSessions(db, {
            teamId,
            agentId: query.agent_id,
            agentVersion: query.agent_version,
            statuses: query.statuses,
            requiresAction: query.requires_action,
            waitingFor: query.waiting_for,
            search: query.search,
            createdAt: query.created_at,
            includeArchived: query.include_archived ?? false,
            page: request,
          }),
      });
      return { data: page.rows.map(toWire), next_page: page.nextPage, prev_page: page.previousPage };
    },

    /** What changed in these teams since a place; a session that was deleted is null. See `readChanges`. */
    async changes(input: { teamIds: readonly string[]; from: Place; limit: number }): Promise<{
      next: Place;
      changes: TeamChange[];
    }> {
      const { next, changes } = await readChanges(db, input);
      return {
        next,
        changes: changes.map((change) => {
          if (change.kind !== "session") return change;
          const { row, ...rest } = change;
          return { ...rest, session: row && toWire(row) };
        }),
      };
    },

    /** The log stays readable; no event is taken any more. */
    async archive(tx: DatabaseTransaction, teamId: string, sessionId: string): Promise<Session> {
      const before = await getSession(tx, { teamId, sessionId, forUpdate: true });
      if (!before.archivedAt) {
        refuseWhileRunning(before, "archived");
        await archiveSession(tx, { teamId, sessionId, now: new Date(clock.now()) });
        // The log is as long as before; lists look different.
        afterCommit(tx, () => onLogGrew({ sessionId, lastSeq: before.lastSeq }));
      }
      return toWire(await getSession(tx, { teamId, sessionId }));
    },

    /** Session, log and sandbox are gone for good. */
    async delete(
      tx: DatabaseTransaction,
      teamId: string,
      sessionId: string,
    ): Promise<{ id: string; type: "session_deleted" }> {
      const before = await getSession(tx, { teamId, sessionId, forUpdate: true });
      refuseWhileRunning(before, "deleted");
      await deleteSession(tx, { teamId, sessionId });
      // One more than the log ever held: whoever looks finds the session gone.
      afterCommit(tx, () => onLogGrew({ sessionId, lastSeq: before.lastSeq + 1 }));
      return { id: sessionId, type: "session_deleted" };
    },

    async listEvents(
      teamId: string,
      sessionId: string,
      query: ListEventsQuery,
    ): Promise<Page<Record<string, unknown>>> {
      await getSession(db, { teamId, sessionId });
      const order = query.order ?? "asc";
      const limit = query.limit ?? DEFAULT_EVENTS_PAGE;
      const { created_at: bounds = {} } = query;
      const found = await listEvents(db, {
        teamId,
        sessionId,
        order,
        limit: limit + 1,
        ...(query.page === undefined ? {} : { after: decodeSeqCursor(query.page, order) }),
        filter: {
          ...(query.types ? { types: query.types } : {}),
          createdAt: {
            ...(bounds.gt ? { gt: bounds.gt } : {}),
            ...(bounds.gte ? { gte: bounds.gte } : {}),
            ...(bounds.lt ? { lt: bounds.lt } : {}),
            ...(bounds.lte ? { lte: bounds.lte } : {}),
          },
        },
      });
      const rows = found.slice(0, limit);
      const last = rows.at(-1);
      return { data: rows.map(toWireEvent), next_page: found.length > limit && last ? `${order}_${last.seq}` : null };
    },
  };
}

function decodeSeqCursor(text: string, order: "asc" | "desc"): number {
  const match = /^(asc|desc)_(\d{1,15})$/.exec(text);
  if (!match) throw new PlatformError("invalid_request", "page: is not a cursor of this list");
  if (match[1] !== order) throw new PlatformError("invalid_request", `page: the cursor belongs to order=${match[1]}`);
  return Number(match[2]);
}

/** Throws `not_found` for unknown and foreign ids. */
export async function getSession(
  db: Database,
  input: { teamId: string; sessionId: string; forUpdate?: boolean },
): Promise<SessionRow> {
  const row = isId("session", input.sessionId) ? await findSession(db, input) : null;
  if (!row) throw new PlatformError("not_found", `There is no session ${input.sessionId}.`);
  return row;
}

function refuseWhileRunning(row: SessionRow, what: string): void {
  if (row.status === "running" || row.leased)
    throw new PlatformError(
      "invalid_request",
      `Session ${row.id} is running and cannot be ${what}: send user.interrupt and wait for session.status_idle.`,
    );
}

async function resolveAgent(db: Database, teamId: string, asked: SessionAgentInput): Promise<SessionAgent> {
  const reference = typeof asked === "string" ? { id: asked } : asked;
  const version = "version" in reference ? reference.version : undefined;
  const row = await getAgent(db, { teamId, agentId: reference.id, version });
  if (row.archivedAt)
    throw new PlatformError("invalid_request", `agent: agent ${row.id} is archived and takes no new sessions`);
  const { name, description, model, system, tools, mcp_servers = [] } = row.definition;
  const snapshot: SessionAgent = {
    type: "agent",
    id: row.id,
    version: row.version,
    name,
    description,
    model,
    system,
    tools,
    mcp_servers,
    skills: [],
    multiagent: null,
    execution_identity: { type: "service_account" },
  };
  if (typeof asked === "string" || asked.type === "agent") return snapshot;
  const agent: SessionAgent = {
    ...snapshot,
    ...(asked.model === undefined ? {} : { model: toModel(asked.model, null) }),
    ...(asked.system === undefined ? {} : { system: asked.system || null }),
    ...(asked.tools === undefined ? {} : { tools: toTools(asked.tools) }),
    ...(asked.mcp_servers === undefined ? {} : { mcp_servers: [...asked.mcp_servers] }),
  };
  checkMcp(agent);
  return agent;
}

function updatedAgent(before: SessionRow, input: UpdateSessionInput): SessionAgent {
  const { model, tools, mcp_servers } = input.agent ?? {};
  const agent = model === undefined ? before.agent : { ...before.agent, model: toModel(model, before.agent.model) };
  if (tools === undefined && mcp_servers === undefined) return agent;
  if (before.status === "running" || before.leased)
    throw new PlatformError(
      "invalid_request",
      `agent: session ${before.id} is running; its tools can be changed while it is idle`,
    );
  const changed = {
    ...agent,
    ...(tools === undefined ? {} : { tools: toTools(tools) }),
    ...(mcp_servers === undefined ? {} : { mcp_servers: [...mcp_servers] }),
  };
  checkMcp(changed);
  return changed;
}

function updatedBudget(before: SessionRow, budget: Budget | null | undefined): Budget | null {
  if (budget === undefined) return before.budget;
  if (budget === null) return null;
  if (before.status === "terminated") throw new PlatformError("invalid_request", "budget: the session has ended");
  if (!before.budget)
    throw new PlatformError(
      "invalid_request",
      "budget: budget_create_only: a session made without a budget cannot get one",
    );
  if (reachesAmount(before.costUsd, budget.max_list_cost))
    throw new PlatformError(
      "invalid_request",
      "budget.max_list_cost: budget_not_raised: the session has spent as much already",
    );
  return budget;
}

type Changeable = Pick<SessionRow, "title" | "metadata" | "agent" | "budget">;
function changedFields(before: Changeable, after: Changeable): Partial<Changeable> {
  const changed: Partial<Changeable> = {};
  if (before.title !== after.title) changed.title = after.title;
  if (!isDeepStrictEqual(before.metadata, after.metadata)) changed.metadata = after.metadata;
  if (!isDeepStrictEqual(before.agent, after.agent)) changed.agent = after.agent;
  if (!isDeepStrictEqual(before.budget, after.budget)) changed.budget = after.budget;
  return changed;
}

export function toSession(row: SessionRow, nowMs: number): Session {
  const activeSeconds = row.activeMs / 1000;
  const endMs = row.status === "terminated" ? row.updatedAt.getTime() : nowMs;
  return {
    type: "session",
    id: row.id,
    agent: row.agent,
    environment_id: row.environmentId,
    title: row.title,
    metadata: row.metadata,
    // Whoever reads after an accepted message must not find the last turn's end.
    status: row.workWaits ? "running" : row.status,
    stop_reason: row.workWaits ? null : row.stopReason,
    waiting_for: row.workWaits || row.status !== "idle" || row.archivedAt ? null : row.waitsFor,
    budget: row.budget,
    usage: {
      input_tokens: row.inputTokens,
      output_tokens: row.outputTokens,
      cache_read_input_tokens: row.cacheReadTokens,
      // Gateways do not say how long an entry lives; five minutes is the default.
      cache_creation: { ephemeral_5m_input_tokens: row.cacheCreationTokens, ephemeral_1h_input_tokens: 0 },
      active_seconds: activeSeconds,
      ...(row.costComplete ? { list_cost: toMonetaryAmount(row.costUsd), list_cost_usd: row.costUsd } : {}),
    },
    stats: { active_seconds: activeSeconds, duration_seconds: Math.max(0, (endMs - row.createdAt.getTime()) / 1000) },
    resources: row.resources,
    vault_ids: row.vaultIds,
    outcome_evaluations: [],
    deployment_id: null,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    archived_at: row.archivedAt?.toISOString() ?? null,
    // Postgres writes times its own way.
    forked_from: row.forkedFrom,
    last_message: row.lastMessage && { ...row.lastMessage, at: new Date(row.lastMessage.at).toISOString() },
  };
}
