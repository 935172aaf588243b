// At a start: does this process have every key that what is stored is sealed with? A new key is made only where nothing is sealed yet.
import type { Database } from "../db/database.ts";
import { listNeededKeks } from "../db/secret-keys.ts";
import type { Clock } from "../lib/clock.ts";
import { makeKekFile, readKekFile } from "./kek-file.ts";
import { KekProblem, type KekSource, type KeyRing, openKeyRing } from "./key-ring.ts";

/** `file`: made at the first start when it is missing. */
export type KekPlace = { kind: "file"; path: string } | { kind: "given"; source: KekSource };

export function toKekSource(place: KekPlace): KekSource {
  if (place.kind === "given") return place.source;
  const { path } = place;
  return {
    describe: path,
    async read() {
      const text = await readKekFile(path);
      if (text === null) throw new KekProblem("the file is not there");
      return text;
    },
  };
}

const ABANDON =
  "If the key is lost for good, so are the stored values: `npx berth keys abandon` archives their credentials, and Berth starts again";

/** Throws `KekProblem`, in words that say what to do. */
export async function openCheckedKeyRing(input: {
  db: Database;
  place: KekPlace;
  clock: Clock;
  /** Where the keys are looked at again, later; the same place by default. */
  readAgain?: () => Promise<string>;
}): Promise<KeyRing> {
  const { db, place, clock } = input;
  const needed = await listNeededKeks(db);
  if (place.kind === "file" && (await readKekFile(place.path)) === null) {
    if (needed.length > 0)
      throw new KekProblem(
        `The key of the stored credentials is missing: ${place.path} is not there. Put it back from your copy, or set BERTH_KEK to it. No new one was made: it would not open them. ${ABANDON}.`,
      );
    await makeKekFile(place.path);
  }
  const source = toKekSource(place);
  let opened = false;
  const read = () => (opened && input.readAgain ? input.readAgain() : source.read());
  const ring = await openKeyRing({ source: { describe: source.describe, read }, clock });
  opened = true;
  for (const kekId of needed) {
    if (await ring.find(kekId)) continue;
    throw new KekProblem(
      `The key of the stored credentials is another one: they are sealed with ${kekId}, and ${ring.describe} holds ${ring.current().id}. Give Berth the key that it had before (after a rotation both: the new one, then the old one). ${ABANDON}.`,
    );
  }
  return ring;
}
