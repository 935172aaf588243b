// Rotation of keys against a real Postgres: nothing is lost when it is cut off anywhere, and what runs meanwhile goes on.
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/postgres.ts";
import {
  newSessionWith,
  newTeam,
  openSealer,
  openTestDatabase,
  randomKey,
  variableOf,
} from "../../test/support/sealed-world.ts";
import type { Database } from "../db/database.ts";
import { listNeededKeks, listTeamKeys } from "../db/secret-keys.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { openCheckedKeyRing } from "./check-keks.ts";
import { readKekFile } from "./kek-file.ts";
import { parseKeks } from "./key-ring.ts";
import { rotateKek, rotateTeamKeys } from "./rotate-keys.ts";

const keyOf = { a: randomKey(), b: randomKey() };
/** Some twenty processes one after the other. */
const PROCESSES_WITHIN_MS = 180_000;
const REPOSITORY = resolve(import.meta.dirname, "../..");

let database: FreshDatabase;
let db: Database;
let directory: string;
let path: string;
beforeEach(async () => {
  database = await freshDatabase();
  db = openTestDatabase(database.url);
  directory = await mkdtemp(join(tmpdir(), "berth-keys-"));
  path = join(directory, "kek");
});
afterEach(async () => {
  await db.destroy();
  await database.drop();
  await rm(directory, { recursive: true });
});

const place = () => ({ kind: "file" as const, path });
const checkedRing = () => openCheckedKeyRing({ db, place: place(), clock: systemClock });
const fileText = async () => (await readKekFile(path)) ?? "";

/** A process that has read the file now. `stale`: when it looks again it finds the same, as one whose keys are a variable. */
async function openProcess({ clock = systemClock, stale = false }: { clock?: Clock; stale?: boolean } = {}) {
  const text = await fileText();
  return openSealer(db, stale ? async () => text : fileText, clock);
}

/** Two teams with some values each. */
async function fill(count: number): Promise<{ sessions: string[]; expected: string[] }> {
  await checkedRing();
  const { newVault, put } = await openProcess();
  const sessions: string[] = [];
  const expected: string[] = [];
  for (const team of [await newTeam(db), await newTeam(db)]) {
    for (let left = count; left > 0; left -= 20) {
      const vault = await newVault(team);
      sessions.push(await newSessionWith(db, team, [vault.id]));
      for (let index = 0; index < Math.min(left, 20); index++) {
        expected.push(`value-${index}-of-${vault.id}`);
        await put(team, vault.id, variableOf(`TOKEN_${index}`, `value-${index}-of-${vault.id}`));
      }
    }
  }
  return { sessions, expected };
}

/** As a process that starts now reads them. */
async function readAll(sessions: readonly string[]): Promise<string[]> {
  await checkedRing();
  const broker = (await openProcess()).broker();
  const found: string[] = [];
  for (const session of sessions)
    for (const { secrets } of await broker.inEffect(session)) found.push(secrets.secret_value?.reveal() ?? "");
  return found;
}

/** `berth keys …` in a process of its own, that is killed before its n-th statement or change of a file. */
async function runKeys(
  command: string,
  killAtStep: number,
  flags: readonly string[] = [],
): Promise<{ killed: boolean; output: string }> {
  const preload = join(REPOSITORY, "test", "support", "kill-at-step.mjs");
  const script = join(REPOSITORY, "src", "bin", "keys.ts");
  const child = spawn(process.execPath, ["--import", preload, script, command, ...flags], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: database.url,
      BERTH_DATA_DIR: directory,
      KILL_AT_STEP: String(killAtStep),
      NODE_ENV: "test",
      // Each start takes half of the time.
      NODE_COMPILE_CACHE: join(tmpdir(), "berth-test-compile-cache"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (bytes) => {
    output += bytes;
  });
  child.stderr.on("data", (bytes) => {
    output += bytes;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((done) =>
    child.on("close", (...end) => done(end)),
  );
  if (signal !== "SIGKILL" && code !== 0) throw new Error(`berth keys ${command} failed: ${output}`);
  return { killed: signal === "SIGKILL", output };
}

test(
  "K7: a rotation of the KEK that is killed before any of its steps loses nothing, and the next one ends it",
  async () => {
    const { sessions, expected } = await fill(2);
    let kills = 0;
    for (let step = 1; ; step++) {
      const before = (await checkedRing()).current().id;
      const { killed } = await runKeys("rotate", step);
      // Whoever starts now can read everything, whatever the state.
      expect(await readAll(sessions)).toEqual(expected);
      await rotateKek({ db, place: place(), clock: systemClock });
      expect(parseKeks(await fileText())).toHaveLength(1);
      const after = (await checkedRing()).current().id;
      expect(after).not.toBe(before);
      expect(await listNeededKeks(db)).toEqual([after]);
      expect(await readAll(sessions)).toEqual(expected);
      if (!killed) break;
      kills++;
    }
    expect(kills).toBeGreaterThan(10);
    // Old keys are kept for old backups, for their owner only.
    expect(parseKeks(await readFile(`${path}.old`, "utf8")).length).toBeGreaterThanOrEqual(kills);
    for (const file of [path, `${path}.old`]) expect((await stat(file)).mode & 0o777).toBe(0o600);
  },
  PROCESSES_WITHIN_MS,
);

test(
  "K7: a rotation of team keys that is killed loses nothing, and the next one ends it",
  async () => {
    const { sessions, expected } = await fill(2);
    let kills = 0;
    // Some of the steps: with all of them it would take long to say the same.
    for (let step = 3; ; step += 5) {
      const { killed } = await runKeys("rotate-team-keys", step);
      expect(await readAll(sessions)).toEqual(expected);
      const before = (await listTeamKeys(db)).map(({ id }) => id);
      await rotateTeamKeys({ db, ring: await checkedRing() });
      const after = await listTeamKeys(db);
      expect(after.map(({ retired, values }) => [retired, values])).toEqual([
        [false, 2],
        [false, 2],
      ]);
      if (!killed) expect(after.filter(({ id }) => before.includes(id))).toEqual([]);
      expect(await readAll(sessions)).toEqual(expected);
      if (!killed) break;
      kills++;
    }
    expect(kills).toBeGreaterThan(3);
  },
  PROCESSES_WITHIN_MS,
);

describe("a file with half a key in it", () => {
  const torn = randomKey().slice(0, 20);

  test("K7: among the old ones stops a rotation before it changes anything, by the name of the file; moved away, the rotation is done", async () => {
    const { sessions, expected } = await fill(1);
    const before = await fileText();
    const whole = randomKey();
    await writeFile(`${path}.old`, `${whole} # the one before\n${torn}`, { mode: 0o600 });
    const error = await rotateKek({ db, place: place(), clock: systemClock }).catch((thrown: unknown) =>
      String(thrown),
    );
    expect(error).toContain(`${path}.old holds something that is not a key`);
    expect(error).toMatch(/Move it to another name.*berth keys rotate` again/);
    expect(error).not.toContain(torn);
    expect(await fileText()).toBe(before);
    expect(await readFile(`${path}.old`, "utf8")).toContain(torn);
    expect(await readAll(sessions)).toEqual(expected);
    await rename(`${path}.old`, `${path}.old-torn`);
    const { oldKeysIn, resumed } = await rotateKek({ db, place: place(), clock: systemClock });
    expect({ oldKeysIn, resumed }).toEqual({ oldKeysIn: `${path}.old`, resumed: false });
    expect(parseKeks(await readFile(`${path}.old`, "utf8"))).toEqual(parseKeks(before));
    expect(await readAll(sessions)).toEqual(expected);
  });

  test("K7: among those in use is told by the name of the file, too", async () => {
    await fill(1);
    const before = await fileText();
    await writeFile(path, before + torn, { mode: 0o600 });
    await expect(rotateKek({ db, place: place(), clock: systemClock })).rejects.toThrow(
      `${path} cannot be used: key 2 is not 32 bytes as base64`,
    );
    expect(await fileText()).toBe(before + torn);
  });

  test("K7: old keys whose last line has no end keep it, and get the next one on a line of its own", async () => {
    await fill(1);
    const whole = randomKey();
    await writeFile(`${path}.old`, `# mine\n${whole}`, { mode: 0o600 });
    const before = await fileText();
    await rotateKek({ db, place: place(), clock: systemClock });
    const text = await readFile(`${path}.old`, "utf8");
    expect(text).toMatch(/^# mine\n/);
    expect(parseKeks(text)).toEqual([...parseKeks(whole), ...parseKeks(before)]);
    expect((await stat(`${path}.old`)).mode & 0o777).toBe(0o600);
  });
});

describe("while rotations run", () => {
  test("K7: of rotations of the KEK at the same time each waits for the one before; nothing is sealed with a key that no file holds", async () => {
    const { sessions, expected } = await fill(2);
    const others = Array.from({ length: 5 }, () => openTestDatabase(database.url));
    try {
      const done = await Promise.all(others.map((each) => rotateKek({ db: each, place: place(), clock: systemClock })));
      expect(new Set(done.map(({ kekId }) => kekId)).size).toBe(others.length);
    } finally {
      for (const each of others) await each.destroy();
    }
    const ring = await checkedRing();
    expect(await listNeededKeks(db)).toEqual([ring.current().id]);
    expect(parseKeks(await fileText())).toHaveLength(1);
    expect(parseKeks(await readFile(`${path}.old`, "utf8"))).toHaveLength(others.length);
    expect(await readAll(sessions)).toEqual(expected);
  });

  test("values that are put in at the same time are sealed with a key that stays", async () => {
    await checkedRing();
    const sealer = await openProcess();
    const team = await newTeam(db);
    const vaults = await Promise.all([sealer.newVault(team), sealer.newVault(team), sealer.newVault(team)]);
    const put = (index: number) =>
      sealer.put(team, vaults[index % 3]?.id ?? "", variableOf(`T_${index}`, `value-no-${index}`));
    for (let index = 0; index < 6; index++) await put(index);
    const rotations = (async () => {
      for (let turn = 0; turn < 4; turn++) {
        await rotateTeamKeys({ db, ring: await checkedRing() });
        await rotateKek({ db, place: place(), clock: systemClock });
      }
    })();
    await Promise.all([rotations, ...Array.from({ length: 40 }, (_, index) => put(index + 6))]);
    await rotateTeamKeys({ db, ring: await checkedRing() });
    const session = await newSessionWith(
      db,
      team,
      vaults.map(({ id }) => id),
    );
    expect((await readAll([session])).sort()).toEqual(
      Array.from({ length: 46 }, (_, index) => `value-no-${index}`).sort(),
    );
  });

  test("a process with the old KEK in memory finds the new one, and says what to do where it can't", async () => {
    const { sessions, expected } = await fill(1);
    let nowMs = Date.now();
    const clock: Clock = { now: () => nowMs, sleep: async () => undefined };
    const [running, stale] = [await openProcess({ clock }), await openProcess({ clock, stale: true })];
    await rotateKek({ db, place: place(), clock: systemClock });
    nowMs += 1_000;
    const read = async (of: typeof running) =>
      (await of.broker().inEffect(sessions[0] ?? "")).map(({ secrets }) => secrets.secret_value?.reveal());
    expect(await read(running)).toEqual([expected[0]]);
    const team = await newTeam(db);
    const vault = await running.newVault(team);
    const words = { code: "unavailable", message: expect.stringMatching(/is not the one that seals here.*the test/) };
    await expect(stale.put(team, vault.id, variableOf("A", "value-of-a"))).rejects.toMatchObject(words);
    await expect(read(stale)).rejects.toMatchObject({ message: expect.stringMatching(/lacks the key kek_.*the test/) });
    await running.put(team, vault.id, variableOf("A", "value-of-a"));
    expect(await readAll([await newSessionWith(db, team, [vault.id])])).toEqual(["value-of-a"]);
  });
});

test("of two servers that came with keys of their own the first that seals decides; the other says so, and seals nothing", async () => {
  const [a, b] = [await openSealer(db, () => keyOf.a), await openSealer(db, () => keyOf.b)];
  const [team, other] = [await newTeam(db), await newTeam(db)];
  const [mine, theirs] = [await a.newVault(team), await b.newVault(other)];
  const sealing = await Promise.allSettled([
    a.put(team, mine.id, variableOf("A", "value-of-a")),
    b.put(other, theirs.id, variableOf("B", "value-of-b")),
  ]);
  const refused = sealing.filter((one) => one.status === "rejected").map((one) => String(one.reason));
  expect(refused).toEqual([expect.stringMatching(/is not the one that seals here.*give all servers the same keys/)]);
  expect(await listNeededKeks(db)).toHaveLength(1);
  expect(await listTeamKeys(db)).toHaveLength(1);
});

describe("K7, K11: at a start", () => {
  test("the file is made where nothing is sealed, once, for its owner only", async () => {
    const rings = await Promise.all(Array.from({ length: 6 }, checkedRing));
    expect(new Set(rings.map((ring) => ring.current().id)).size).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o640);
    await expect(checkedRing()).rejects.toThrow(/others may read .*chmod 600/);
  });

  test("a missing key is told, and none is made over what the old one sealed", async () => {
    const { sessions, expected } = await fill(1);
    const text = await fileText();
    await rm(path);
    await expect(checkedRing()).rejects.toThrow(
      /The key of the stored credentials is missing: .*Put it back from your copy, or set BERTH_KEK.*berth keys abandon/,
    );
    await expect(stat(path)).rejects.toThrow(/ENOENT/);
    await writeFile(path, text, { mode: 0o600 });
    expect(await readAll(sessions)).toEqual(expected);
  });

  test("another key is told by both names, and one that is none in words without it", async () => {
    const { sessions, expected } = await fill(1);
    const text = await fileText();
    await writeFile(path, `${randomKey()}\n`);
    await expect(checkedRing()).rejects.toThrow(/is another one: they are sealed with kek_\w+, and .* holds kek_\w+/);
    await writeFile(path, "not-a-key-canary");
    const error = await checkedRing().catch((thrown: unknown) => String(thrown));
    expect(error).toMatch(/kek cannot be used: key 1 is not 32 bytes as base64/);
    expect(error).not.toContain("canary");
    await writeFile(path, `${randomKey()}\n${text}`);
    expect(await readAll(sessions)).toEqual(expected);
  });

  test("a key that is lost for good can be given up: its credentials are archived, and new ones work", async () => {
    const { sessions } = await fill(1);
    await rm(path);
    expect(await runKeys("abandon", 0).catch((error: unknown) => String(error))).toContain("--lose-all-stored-values");
    await runKeys("abandon", 0, ["--lose-all-stored-values"]);
    expect(await readAll(sessions)).toEqual([]);
    const left = await sql<{ count: number }>`select count(*) from credentials where archived_at is null`.execute(db);
    expect(left.rows[0]?.count).toBe(0);
    const team = await newTeam(db);
    const process = await openProcess();
    const vault = await process.newVault(team);
    await process.put(team, vault.id, variableOf("NEW", "value-of-new"));
    expect(await readAll([await newSessionWith(db, team, [vault.id])])).toEqual(["value-of-new"]);
  });
});
