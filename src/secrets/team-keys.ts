// Team keys: one a team, sealed by a KEK in the database, opened in memory. They seal the data keys of values.
import { randomBytes } from "node:crypto";
import type { DatabaseTransaction } from "../db/database.ts";
import { holdKek, holdTeamKey, insertTeamKey, type TeamKeyRow } from "../db/secret-keys.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { type Kek, type KeyRing, kekIsMissing } from "./key-ring.ts";
import { type Binding, KEY_BYTES, seal, unseal } from "./seal.ts";

export type TeamKey = { id: string; key: Buffer };
export type TeamKeys = ReturnType<typeof createTeamKeys>;

export function createTeamKeys({ ring }: { ring: KeyRing }) {
  /** Opened before; a team key never changes under its id. */
  const opened = new Map<string, TeamKey>();

  /** Throws `unavailable` when this process lacks the KEK, `SealBroken` when the row is not what was sealed. */
  async function open(row: TeamKeyRow): Promise<TeamKey> {
    const before = opened.get(row.id);
    if (before) return before;
    const kek = await ring.find(row.kekId);
    if (!kek) throw kekIsMissing(ring, row.kekId);
    const teamKey = { id: row.id, key: unsealTeamKey(kek, row) };
    opened.set(row.id, teamKey);
    return teamKey;
  }

  async function make(tx: DatabaseTransaction, teamId: string): Promise<TeamKeyRow> {
    const kek = await usableKek(tx);
    const row = newTeamKey({ teamId, kek });
    if (await insertTeamKey(tx, row)) return row;
    const other = await holdTeamKey(tx, teamId);
    if (!other) throw new PlatformError("unavailable", "The team's key changed at the same moment. Try again.");
    return other;
  }

  /** The KEK that seals now, held so that it is not retired before the transaction ends. */
  async function usableKek(tx: DatabaseTransaction): Promise<Kek> {
    if (await holdKek(tx, ring.current().id)) return ring.current();
    await ring.reload();
    const kek = ring.current();
    if (await holdKek(tx, kek.id)) return kek;
    throw new PlatformError(
      "unavailable",
      `The key ${kek.id} of this server is not the one that seals here. Its operator has to give all servers the same keys (${ring.describe}).`,
    );
  }

  return {
    open,
    /** The team's key for new values; made when the team has none. It is not retired before the transaction ends. */
    async forSealing(tx: DatabaseTransaction, teamId: string): Promise<TeamKey> {
      return open((await holdTeamKey(tx, teamId)) ?? (await make(tx, teamId)));
    },
  };
}

export function newTeamKey({ teamId, kek }: { teamId: string; kek: Kek }): TeamKeyRow {
  const id = newId("teamKey");
  const sealedKey = sealTeamKey(kek, { id, teamId, key: randomBytes(KEY_BYTES) });
  return { id, teamId, kekId: kek.id, sealedKey };
}

export function sealTeamKey(kek: Kek, input: { id: string; teamId: string; key: Buffer }): Buffer {
  return seal(kek.key, input.key, bindingOf({ ...input, kekId: kek.id }));
}

export function unsealTeamKey(kek: Kek, row: TeamKeyRow): Buffer {
  return unseal(kek.key, row.sealedKey, bindingOf(row));
}

function bindingOf({ teamId, id, kekId }: { teamId: string; id: string; kekId: string }): Binding {
  return ["team key", teamId, id, kekId];
}
