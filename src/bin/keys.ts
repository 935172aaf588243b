// `berth keys …`: the keys that seal what vaults hold. Talks to the database itself, so it runs where the server runs.
import { type Database, inTransaction, openDatabase } from "../db/database.ts";
import { findEmbeddedPostgresUrl } from "../db/embedded/embedded-postgres.ts";
import { abandonSecrets, listNeededKeks, listTeamKeys } from "../db/secret-keys.ts";
import { systemClock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { type KekPlace, openCheckedKeyRing, toKekSource } from "../secrets/check-keks.ts";
import { openKeyRing } from "../secrets/key-ring.ts";
import { rotateKek, rotateTeamKeys } from "../secrets/rotate-keys.ts";
import { loadConfigOrExit } from "./config.ts";
import { kekPlace } from "./kek-place.ts";

/** How sure somebody has to be who gives up every stored value. */
const SURE = "--lose-all-stored-values";

const commands: Record<string, (db: Database, place: KekPlace, flags: readonly string[]) => Promise<string[]>> = {
  async status(db, place) {
    const ring = await openCheckedKeyRing({ db, place, clock: systemClock });
    const needed = await listNeededKeks(db);
    const teamKeys = await listTeamKeys(db);
    const values = teamKeys.reduce((sum, key) => sum + key.values, 0);
    return [
      `KEK        ${ring.current().id}  (${ring.describe})`,
      `team keys  ${teamKeys.length}, for ${values} stored values`,
      needed.every((id) => id === ring.current().id)
        ? "Everything that is stored is sealed with this key."
        : "A rotation was begun and not brought to its end: `berth keys rotate` goes on with it.",
    ];
  },

  async rotate(db, place) {
    const done = await rotateKek({ db, place, clock: systemClock });
    return [
      `${done.resumed ? "The rotation that was cut off is done" : "Done"}: ${done.teamKeys} team keys are sealed with ${done.kekId}.`,
      done.oldKeysIn
        ? `The old key is kept in ${done.oldKeysIn}: backups of the database from before today need it. Copy the new one to a safe place.`
        : place.kind === "file"
          ? "Copy the new key to a safe place."
          : "Nothing needs the other keys any more: leave the new one alone in the setting, and restart Berth.",
    ];
  },

  async "rotate-team-keys"(db, place) {
    const ring = await openCheckedKeyRing({ db, place, clock: systemClock });
    const { teams, values, resumed } = await rotateTeamKeys({ db, ring });
    const how = resumed ? "The rotation that was cut off is done" : "Done";
    return [`${how}: ${teams} teams, ${values} values under a new team key.`];
  },

  async abandon(db, place, flags) {
    if (!flags.includes(SURE))
      throw new Error(`every stored value would be lost, and their credentials archived. Say so with ${SURE}`);
    const count = await inTransaction(db, (tx) => abandonSecrets(tx));
    const ring = await openKeyRing({ source: toKekSource(place), clock: systemClock }).catch(() => null);
    const next = ring ? `New values are sealed with ${ring.current().id}.` : "A new key is made at the next start.";
    return [`${count} credentials are archived, their values are gone. ${next}`];
  },
};

const [name = "", ...flags] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (!command) {
  console.error(`berth keys: one of ${Object.keys(commands).join(", ")}`);
  process.exit(1);
}
const config = loadConfigOrExit();
const url = config.databaseUrl ?? findEmbeddedPostgresUrl(config.dataDir);
if (!url) {
  console.error(
    "Berth does not run on this data directory, and DATABASE_URL is not set. Start it with `npx berth up`, or set DATABASE_URL.",
  );
  process.exit(1);
}
const db = openDatabase({ url, maxConnections: 1, applicationName: "berth-keys" });
try {
  for (const line of await command(db, kekPlace(config), flags)) console.log(line);
} catch (error) {
  console.error(`berth keys ${name}: ${messageOf(error)}`);
  process.exitCode = 1;
} finally {
  await db.destroy();
}
