// Rotation: a new KEK, or new team keys. Each step is whole, and a rotation that was cut off is gone on with by the next one.

import { holdSealedKeys, resealKey } from "../db/credentials.ts";
import { type Database, inTransaction } from "../db/database.ts";
import {
  asOnlyRotation,
  deleteRetiredTeamKeys,
  holdKek,
  insertTeamKey,
  listTeamKeys,
  listTeamKeysOfOtherKeks,
  resealTeamKey,
  retireOtherKeks,
  retireTeamKey,
  type TeamKeyRow,
} from "../db/secret-keys.ts";
import type { Clock } from "../lib/clock.ts";
import { type KekPlace, toKekSource } from "./check-keks.ts";
import { keepOldKeks, newKek, readKekFile, readOldKeks, replaceKekFile } from "./kek-file.ts";
import { KekProblem, type KeyRing, kekIsMissing, openKeyRing, parseKeksOf } from "./key-ring.ts";
import { openDataKey, sealDataKey } from "./sealed-fields.ts";
import { createTeamKeys, newTeamKey, sealTeamKey, unsealTeamKey } from "./team-keys.ts";

const BATCH = 100;

/** `resumed`: an earlier rotation was cut off, and this one brought it to its end. `teamKeys`: how many were sealed anew. */
export type KekRotation = { kekId: string; teamKeys: number; resumed: boolean; oldKeysIn: string | null };

/**
 * Team keys are sealed with a new KEK: one that is made now for a file, the first one of the variable or the command otherwise.
 * Of the file only the new key stays; the old one is kept beside it, for backups. Of two at once one waits for the other.
 */
export async function rotateKek(input: { db: Database; place: KekPlace; clock: Clock }): Promise<KekRotation> {
  // Two at once would each put a key of their own into the file: what the one seals, the other's file does not open.
  return asOnlyRotation(input.db, (db) => rotateAlone({ ...input, db }));
}

async function rotateAlone(input: { db: Database; place: KekPlace; clock: Clock }): Promise<KekRotation> {
  const { db, place, clock } = input;
  const resumed = place.kind === "file" && !(await prepareFile(place.path));
  const ring = await openKeyRing({ source: toKekSource(place), clock });
  const kek = ring.current();
  // From here on no process seals with another one: those that have only the old key look for the new one first.
  await inTransaction(db, (tx) => retireOtherKeks(tx, kek.id));
  let teamKeys = 0;
  for (;;) {
    const rows = await listTeamKeysOfOtherKeks(db, kek.id);
    if (rows.length === 0) break;
    for (const row of rows) {
      await resealTeamKey(db, { before: row, kekId: kek.id, sealedKey: await resealed(ring, row) });
      teamKeys++;
    }
  }
  if (place.kind !== "file") return { kekId: kek.id, teamKeys, resumed, oldKeysIn: null };
  return { kekId: kek.id, teamKeys, resumed, oldKeysIn: await settleFile(place.path) };
}

async function resealed(ring: KeyRing, row: TeamKeyRow): Promise<Buffer> {
  const old = await ring.find(row.kekId);
  if (!old) throw kekIsMissing(ring, row.kekId);
  return sealTeamKey(ring.current(), { ...row, key: unsealTeamKey(old, row) });
}

/**
 * The new key in front of the old one, before anything is sealed with it. False: they are there, from a rotation that was cut off.
 * Throws `KekProblem` before it changes anything, also for what is wrong with the file that the old key goes to at the end.
 */
async function prepareFile(path: string): Promise<boolean> {
  const text = await readKekFile(path);
  if (text === null) throw new KekProblem(`${path} is not there: Berth makes it at its first start`);
  await readOldKeks(oldKeksBeside(path));
  const keks = parseKeksOf(path, text);
  if (keks.length > 1) return false;
  await replaceKekFile(path, [newKek(), ...keks]);
  return true;
}

/** Nothing needs the other keys any more. Where they are kept. */
async function settleFile(path: string): Promise<string | null> {
  const [current, ...old] = parseKeksOf(path, (await readKekFile(path)) ?? "");
  if (!current || old.length === 0) return null;
  const beside = oldKeksBeside(path);
  await keepOldKeks(beside, old);
  await replaceKekFile(path, [current]);
  return beside;
}

function oldKeksBeside(path: string): string {
  return `${path}.old`;
}

export type TeamKeyRotation = { teams: number; values: number; resumed: boolean };

/** Every team gets a new key, and the data keys of its values are sealed with that. Values themselves stay as they are. */
export async function rotateTeamKeys(input: { db: Database; ring: KeyRing }): Promise<TeamKeyRotation> {
  const { db, ring } = input;
  const before = await listTeamKeys(db);
  const resumed = before.some((key) => key.retired && key.values > 0);
  const teams = new Set(before.map((key) => key.teamId));
  // One that was cut off has made its new keys for the teams that it came to; those it did not come to keep theirs until the next time.
  if (!resumed) for (const key of before.filter(({ retired }) => !retired)) await replaceTeamKey(input, key);
  let values = 0;
  for (const key of await listTeamKeys(db))
    if (key.retired)
      for (let moved = BATCH; moved === BATCH; values += moved) moved = await moveSome({ db, ring }, key);
  await deleteRetiredTeamKeys(db);
  return { teams: teams.size, values, resumed };
}

async function replaceTeamKey({ db, ring }: { db: Database; ring: KeyRing }, old: TeamKeyRow): Promise<void> {
  await inTransaction(db, async (tx) => {
    const kek = ring.current();
    if (!(await holdKek(tx, kek.id)))
      throw new KekProblem(`${ring.describe} holds ${kek.id} first, which is not the one that seals here`);
    if (!(await retireTeamKey(tx, old.id))) return;
    await insertTeamKey(tx, newTeamKey({ teamId: old.teamId, kek }));
  });
}

/** A batch in one transaction. How many there were. */
async function moveSome({ db, ring }: { db: Database; ring: KeyRing }, from: TeamKeyRow): Promise<number> {
  const teamKeys = createTeamKeys({ ring });
  return inTransaction(db, async (tx) => {
    const to = await teamKeys.forSealing(tx, from.teamId);
    const rows = await holdSealedKeys(tx, { teamKeyId: from.id, limit: BATCH });
    const old = await teamKeys.open(from);
    for (const row of rows) {
      const sealedKey = sealDataKey(to, row, openDataKey(old, row, row.sealedKey));
      await resealKey(tx, { row, teamKeyId: to.id, sealedKey });
    }
    return rows.length;
  });
}
