// Use cases of agents: make, change (each change is a new version), list, archive.
import { isDeepStrictEqual } from "node:util";
import type { Agent, CreateAgentInput, UpdateAgentInput } from "../contract/agents.ts";
import { MAX_METADATA_KEYS } from "../contract/metadata-limits.ts";
import type { Page } from "../contract/page.ts";
import {
  type AgentRow,
  archiveAgent,
  findAgent,
  insertAgent,
  insertAgentVersion,
  listAgents,
  listAgentVersions,
  lockAgent,
} from "../db/agents.ts";
import { afterCommit, type Database, type DatabaseTransaction } from "../db/database.ts";
import type { TimeBounds } from "../db/page.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { isId, newId } from "../lib/ids.ts";
import { readPage } from "../lib/page-cursor.ts";
import { applyUpdate, checkMcp, toDefinition } from "./definition.ts";

const DEFAULT_PAGE = 20;

export type Agents = ReturnType<typeof createAgents>;

/** Changes take the caller's transaction; reads use the pool. `onChanged` is called once a change is committed. */
export function createAgents({ db, clock, onChanged }: { db: Database; clock: Clock; onChanged: () => void }) {
  return {
    async create(tx: DatabaseTransaction, teamId: string, input: CreateAgentInput): Promise<Agent> {
      const now = new Date(clock.now());
      const id = newId("agent", clock.now());
      const definition = toDefinition(input);
      checkMcp({ mcp_servers: [], ...definition });
      await insertAgent(tx, { id, teamId, definition, now });
      afterCommit(tx, onChanged);
      return toAgent(await getAgent(tx, { teamId, agentId: id }));
    },

    async get(teamId: string, agentId: string, version?: number): Promise<Agent> {
      return toAgent(await getAgent(db, { teamId, agentId, version }));
    },

    /** A change that changes nothing makes no version. */
    async update(
      tx: DatabaseTransaction,
      teamId: string,
      { agentId, input }: { agentId: string; input: UpdateAgentInput },
    ): Promise<Agent> {
      await lockAgent(tx, { teamId, agentId });
      const before = await getAgent(tx, { teamId, agentId });
      if (before.archivedAt)
        throw new PlatformError("invalid_request", `Agent ${agentId} is archived and cannot be changed.`);
      if (input.version !== undefined && input.version !== before.version)
        throw new PlatformError(
          "conflict",
          `Agent ${agentId} is at version ${before.version}, not ${input.version}: somebody changed it meanwhile. Read it again.`,
        );
      const definition = applyUpdate(before.definition, input);
      if (Object.keys(definition.metadata).length > MAX_METADATA_KEYS)
        throw new PlatformError("invalid_request", `metadata: at most ${MAX_METADATA_KEYS} keys`);
      checkMcp({ mcp_servers: [], ...definition });
      if (isDeepStrictEqual(definition, { mcp_servers: [], ...before.definition })) return toAgent(before);
      const now = new Date(clock.now());
      await insertAgentVersion(tx, { agentId, teamId, version: before.version + 1, definition, now });
      afterCommit(tx, onChanged);
      return toAgent(await getAgent(tx, { teamId, agentId }));
    },

    async archive(tx: DatabaseTransaction, teamId: string, agentId: string): Promise<Agent> {
      await archiveAgent(tx, { teamId, agentId, now: new Date(clock.now()) });
      afterCommit(tx, onChanged);
      return toAgent(await getAgent(tx, { teamId, agentId }));
    },

    async list(
      teamId: string,
      query: {
        limit?: number | undefined;
        page?: string | undefined;
        include_archived?: boolean | undefined;
        created_at?: TimeBounds | undefined;
      },
    ): Promise<Page<Agent>> {
      const page = await readPage({
        kind: "agent",
        order: "desc",
        limit: query.limit ?? DEFAULT_PAGE,
        cursor: query.page,
        positionOf: (row: AgentRow) => row,
        read: (request) =>
          listAgents(db, {
            teamId,
            includeArchived: query.include_archived ?? false,
            createdAt: query.created_at,
            page: request,
          }),
      });
      return { data: page.rows.map(toAgent), next_page: page.nextPage };
    },

    /** Newest first. The cursor is the last version that was shown. */
    async listVersions(
      teamId: string,
      agentId: string,
      query: { limit?: number | undefined; page?: string | undefined },
    ): Promise<Page<Agent>> {
      await getAgent(db, { teamId, agentId });
      if (query.page !== undefined && !/^v\d{1,9}$/.test(query.page))
        throw new PlatformError("invalid_request", "page: is not a cursor of this list");
      const before = query.page === undefined ? undefined : Number(query.page.slice(1));
      const limit = query.limit ?? DEFAULT_PAGE;
      const found = await listAgentVersions(db, { teamId, agentId, before, limit: limit + 1 });
      const rows = found.slice(0, limit);
      const last = rows.at(-1);
      return { data: rows.map(toAgent), next_page: found.length > limit && last ? `v${last.version}` : null };
    },
  };
}

/** The agent's current version or the one asked for; throws `not_found`. */
export async function getAgent(
  db: Database,
  input: { teamId: string; agentId: string; version?: number | undefined },
): Promise<AgentRow> {
  const row = isId("agent", input.agentId) ? await findAgent(db, input) : null;
  if (row) return row;
  const which = input.version === undefined ? "" : ` in version ${input.version}`;
  throw new PlatformError("not_found", `There is no agent ${input.agentId}${which}.`);
}

export function toAgent(row: AgentRow): Agent {
  return {
    type: "agent",
    id: row.id,
    version: row.version,
    mcp_servers: [],
    ...row.definition,
    skills: [],
    multiagent: null,
    execution_identity: { type: "service_account" },
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    archived_at: row.archivedAt?.toISOString() ?? null,
  };
}
