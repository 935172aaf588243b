// Reads and changes a team's own networking. Neither its default nor its ceiling exceeds what the server allows.
import { effectiveNetworking } from "../contract/effective-networking.ts";
import { type Networking, resolveNetworking } from "../contract/environments.ts";
import { findExcess } from "../contract/networking-ceiling.ts";
import type { TeamNetworking, UpdateTeamNetworkingInput } from "../contract/team-networking.ts";
import { afterCommit, type Database, type DatabaseTransaction } from "../db/database.ts";
import { findTeamNetworking, type TeamNetworkingRow, updateTeamNetworking } from "../db/team-networking.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";

/** Of this server, for all its teams. */
export type ServerNetworking = { default: Networking; ceiling: Networking };
export type TeamNetworkings = ReturnType<typeof createTeamNetworkings>;

export function createTeamNetworkings(options: {
  db: Database;
  clock: Clock;
  server: ServerNetworking;
  /** After the commit. */
  onChanged: () => void;
}) {
  const { db, clock, server, onChanged } = options;

  return {
    async get(teamId: string): Promise<TeamNetworking> {
      return toTeamNetworking(await known(db, { teamId }), server);
    },

    /** Holds in running sandboxes, and for what the server asks for sessions, within two seconds. */
    async update(tx: DatabaseTransaction, teamId: string, input: UpdateTeamNetworkingInput): Promise<TeamNetworking> {
      const before = await known(tx, { teamId, forUpdate: true });
      const after = {
        default: chosen(input.default, before.default),
        ceiling: chosen(input.ceiling, before.ceiling),
      };
      if (after.ceiling) refuse(findExcess(after.ceiling, server.ceiling, { field: "ceiling" }));
      if (after.default) {
        refuse(findExcess(after.default, server.ceiling, { field: "default" }));
        if (after.ceiling) refuse(findExcess(after.default, after.ceiling, { field: "default", whose: "team" }));
      }
      await updateTeamNetworking(tx, { teamId, ...after, now: new Date(clock.now()) });
      afterCommit(tx, onChanged);
      return toTeamNetworking(await known(tx, { teamId }), server);
    },
  };
}

async function known(db: Database, input: { teamId: string; forUpdate?: boolean }): Promise<TeamNetworkingRow> {
  const row = await findTeamNetworking(db, input);
  if (!row) throw new PlatformError("not_found", `There is no team ${input.teamId}.`);
  return row;
}

/** One that is named is taken as it is: what it leaves open is not what was there before. */
function chosen(asked: UpdateTeamNetworkingInput["default"], before: Networking | null): Networking | null {
  if (asked === undefined) return before;
  return asked === null ? null : resolveNetworking(asked, { type: "unrestricted" });
}

function refuse(excess: string | null): void {
  if (excess !== null) throw new PlatformError("invalid_request", excess);
}

function toTeamNetworking({ updatedAt, ...own }: TeamNetworkingRow, server: ServerNetworking): TeamNetworking {
  return {
    type: "team_networking",
    default: own.default,
    ceiling: own.ceiling,
    server,
    effective: effectiveNetworking({ ...own, server }),
    updated_at: updatedAt?.toISOString() ?? null,
  };
}
