// Use cases of environments: make, change, list, archive, delete.
import { effectiveNetworking } from "../contract/effective-networking.ts";
import {
  type CloudConfig,
  type CreateEnvironmentInput,
  DEFAULT_CONFIG,
  type Environment,
  MAX_ALLOWED_HOSTS,
  type Networking,
  resolveConfig,
  type UpdateEnvironmentInput,
} from "../contract/environments.ts";
import { patchMetadata } from "../contract/fields.ts";
import { findAllowed } from "../contract/host-names.ts";
import { MAX_METADATA_KEYS } from "../contract/metadata-limits.ts";
import { findExcess } from "../contract/networking-ceiling.ts";
import type { Page } from "../contract/page.ts";
import { afterCommit, type Database, type DatabaseTransaction, isUniqueViolation } from "../db/database.ts";
import {
  archiveEnvironment,
  type EnvironmentRow,
  findDefaultEnvironment,
  findEnvironment,
  insertEnvironment,
  listEnvironments,
  updateEnvironment,
} from "../db/environments.ts";
import { findTeamNetworking } from "../db/team-networking.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { isId, newId } from "../lib/ids.ts";
import { readPage } from "../lib/page-cursor.ts";

const DEFAULT_PAGE = 20;

export type Environments = ReturnType<typeof createEnvironments>;

/** Changes take the caller's transaction; reads use the pool. `onChanged` is called once a change is committed. */
export function createEnvironments(options: {
  db: Database;
  clock: Clock;
  onChanged: () => void;
  /** What one that is made without a choice gets, and what none may exceed, unless its team has more to say. Those of before may stay: what they reach is decided below it. */
  server: { default: Networking; ceiling: Networking };
}) {
  const { db, clock, onChanged, server } = options;

  async function refuseExcess(tx: DatabaseTransaction, teamId: string, networking: Networking): Promise<void> {
    const teamCeiling = (await findTeamNetworking(tx, { teamId }))?.ceiling;
    const field = "config.networking";
    const excess =
      findExcess(networking, server.ceiling, { field }) ??
      (teamCeiling ? findExcess(networking, teamCeiling, { field, whose: "team" }) : null);
    if (excess !== null) throw new PlatformError("invalid_request", excess);
  }

  /** A networking that is named begins from nothing, not from what the team's default allows. */
  async function configOf(
    tx: DatabaseTransaction,
    teamId: string,
    input: CreateEnvironmentInput["config"],
  ): Promise<CloudConfig> {
    if (input?.networking) return resolveConfig(input, DEFAULT_CONFIG);
    const team = await findTeamNetworking(tx, { teamId });
    const own = { default: team?.default ?? null, ceiling: team?.ceiling ?? null };
    return resolveConfig(input, { ...DEFAULT_CONFIG, networking: effectiveNetworking({ ...own, server }).default });
  }

  return {
    async create(tx: DatabaseTransaction, teamId: string, input: CreateEnvironmentInput): Promise<Environment> {
      const now = new Date(clock.now());
      const id = newId("environment", clock.now());
      const config = await configOf(tx, teamId, input.config);
      await refuseExcess(tx, teamId, config.networking);
      await orNameTaken(
        input.name,
        insertEnvironment(tx, {
          id,
          teamId,
          name: input.name,
          description: input.description ?? null,
          config,
          metadata: { ...input.metadata },
          now,
        }),
      );
      afterCommit(tx, onChanged);
      return toEnvironment(await getEnvironment(tx, { teamId, environmentId: id }));
    },

    async get(teamId: string, environmentId: string): Promise<Environment> {
      return toEnvironment(await getEnvironment(db, { teamId, environmentId }));
    },

    async update(
      tx: DatabaseTransaction,
      teamId: string,
      { environmentId, input }: { environmentId: string; input: UpdateEnvironmentInput },
    ): Promise<Environment> {
      const before = await getEnvironment(tx, { teamId, environmentId, forUpdate: true });
      if (before.archivedAt)
        throw new PlatformError("invalid_request", `Environment ${environmentId} is archived and cannot be changed.`);
      const patch = Object.entries(input.metadata ?? {}).map(
        ([key, value]) => [key, value === "" ? null : value] as const,
      );
      const metadata = patchMetadata(before.metadata, Object.fromEntries(patch));
      if (Object.keys(metadata).length > MAX_METADATA_KEYS)
        throw new PlatformError("invalid_request", `metadata: at most ${MAX_METADATA_KEYS} keys`);
      const name = input.name ?? before.name;
      const config = resolveConfig(input.config, before.config);
      if (input.config?.networking) await refuseExcess(tx, teamId, config.networking);
      await orNameTaken(
        name,
        updateEnvironment(tx, {
          id: environmentId,
          teamId,
          name,
          description: input.description === undefined ? before.description : input.description,
          config,
          metadata,
          now: new Date(clock.now()),
        }),
      );
      afterCommit(tx, onChanged);
      return toEnvironment(await getEnvironment(tx, { teamId, environmentId }));
    },

    /** Adds to what is allowed at this moment, so that nobody's change is lost; a host that is allowed already stays. */
    async allowHost(
      tx: DatabaseTransaction,
      teamId: string,
      { environmentId, host }: { environmentId: string; host: string },
    ): Promise<Environment> {
      const before = await getEnvironment(tx, { teamId, environmentId, forUpdate: true });
      if (before.archivedAt)
        throw new PlatformError("invalid_request", `Environment ${environmentId} is archived and cannot be changed.`);
      const { networking } = before.config;
      if (networking.type !== "limited")
        throw new PlatformError(
          "invalid_request",
          `Environment ${environmentId} has no list of hosts: its network is ${networking.type}.`,
        );
      if (networking.allowed_hosts.includes(host) || findAllowed(host, networking.allowed_hosts) !== null)
        return toEnvironment(before);
      const allowed_hosts = [...networking.allowed_hosts, host];
      if (allowed_hosts.length > MAX_ALLOWED_HOSTS)
        throw new PlatformError("invalid_request", `host: an environment allows at most ${MAX_ALLOWED_HOSTS} hosts`);
      // Only of the host that is added.
      await refuseExcess(tx, teamId, {
        ...networking,
        ...{ allowed_hosts: [host], allow_package_managers: false, allow_mcp_servers: false },
      });
      const { name, description, metadata } = before;
      const config = { ...before.config, networking: { ...networking, allowed_hosts } };
      const now = new Date(clock.now());
      await updateEnvironment(tx, { id: environmentId, teamId, name, description, config, metadata, now });
      afterCommit(tx, onChanged);
      return toEnvironment(await getEnvironment(tx, { teamId, environmentId }));
    },

    /** Takes no new sessions; those that it has go on. */
    async archive(tx: DatabaseTransaction, teamId: string, environmentId: string): Promise<Environment> {
      const before = await getEnvironment(tx, { teamId, environmentId, forUpdate: true });
      refuseForDefault(before, "archived");
      if (!before.archivedAt)
        await archiveEnvironment(tx, { teamId, environmentId, now: new Date(clock.now()), andDelete: false });
      afterCommit(tx, onChanged);
      return toEnvironment(await getEnvironment(tx, { teamId, environmentId }));
    },

    /** Is not seen again; the sessions that it has go on. */
    async delete(
      tx: DatabaseTransaction,
      teamId: string,
      environmentId: string,
    ): Promise<{ id: string; type: "environment_deleted" }> {
      const before = await getEnvironment(tx, { teamId, environmentId, forUpdate: true });
      refuseForDefault(before, "deleted");
      await archiveEnvironment(tx, { teamId, environmentId, now: new Date(clock.now()), andDelete: true });
      afterCommit(tx, onChanged);
      return { id: environmentId, type: "environment_deleted" };
    },

    async list(
      teamId: string,
      query: { limit?: number | undefined; page?: string | undefined; include_archived?: boolean | undefined },
    ): Promise<Page<Environment>> {
      const page = await readPage({
        kind: "environment",
        order: "desc",
        limit: query.limit ?? DEFAULT_PAGE,
        cursor: query.page,
        positionOf: (row: EnvironmentRow) => row,
        read: (request) =>
          listEnvironments(db, { teamId, includeArchived: query.include_archived ?? false, page: request }),
      });
      return { data: page.rows.map(toEnvironment), next_page: page.nextPage };
    },
  };
}

/** The one that is named, or the team's default; an archived one takes no sessions. */
export async function environmentForSession(
  db: Database,
  input: { teamId: string; environmentId: string | null | undefined },
): Promise<EnvironmentRow> {
  const { teamId, environmentId } = input;
  const row = environmentId
    ? await getEnvironment(db, { teamId, environmentId })
    : await findDefaultEnvironment(db, teamId);
  if (!row)
    throw new PlatformError("invalid_request", "environment_id: is required, this team has no default environment");
  if (row.archivedAt)
    throw new PlatformError(
      "invalid_request",
      `environment_id: environment ${row.id} is archived and takes no new sessions`,
    );
  return row;
}

async function getEnvironment(
  db: Database,
  input: { teamId: string; environmentId: string; forUpdate?: boolean },
): Promise<EnvironmentRow> {
  const row = isId("environment", input.environmentId) ? await findEnvironment(db, input) : null;
  if (!row) throw new PlatformError("not_found", `There is no environment ${input.environmentId}.`);
  return row;
}

function refuseForDefault(row: EnvironmentRow, what: string): void {
  if (row.isDefault)
    throw new PlatformError(
      "invalid_request",
      `Environment ${row.id} is the team's default, for sessions that name none, and cannot be ${what}.`,
    );
}

async function orNameTaken(name: string, change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!isUniqueViolation(error, "environments_name")) throw error;
    throw new PlatformError("conflict", `There is an environment named ${JSON.stringify(name)} already.`, {
      cause: error,
    });
  }
}

function toEnvironment(row: EnvironmentRow): Environment {
  return {
    type: "environment",
    id: row.id,
    name: row.name,
    description: row.description,
    config: row.config,
    metadata: row.metadata,
    scope: "organization",
    is_default: row.isDefault,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    archived_at: row.archivedAt?.toISOString() ?? null,
  };
}
