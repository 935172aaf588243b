// Whatever happens to a sandbox, in whatever order and however far each side has come: every step is one of the table, and no loss goes unseen.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SandboxState } from "../sandboxes/sandbox.ts";
import {
  KEEP_STRAYS_MS,
  lifeState,
  ruleOfOpened,
  type SandboxFacts,
  sandboxStates,
  strayStep,
} from "./sandbox-states.ts";

type Row = NonNullable<SandboxFacts["row"]>;
/** An opening that has come so far: what it knew, and the sandbox that it made or woke. */
type Opening = { known: Row | null; identity: string | null };

/** A session, its row, the backend, and who is at work: small enough to see that it is true. */
class World {
  session = true;
  row: Row | null = null;
  found: Row | null = null;
  removal = false;
  leased = false;
  turn: Opening | null = null;
  person: Opening | null = null;
  sleeping = false;
  /** What the sweep saw, until it acts on it. */
  seen: { row: Row | null; found: Row | null } | null = null;
  told = 0;
  losses = 0;
  /** Disks that may be the session's: its first one, and those onto which a turn restored the files. */
  readonly own = new Set<string>();
  #made = 0;

  #create(): string {
    this.found = { identity: this.found?.identity ?? `disk${++this.#made}`, state: "running" };
    return this.found.identity;
  }

  #destroy(): void {
    this.found = null;
  }

  beginTurn() {
    if (this.leased || !this.session) return;
    this.leased = true;
    this.turn = { known: null, identity: null };
  }
  openForTurn() {
    if (this.turn?.identity === null) this.turn.identity = this.#create();
  }
  endTurn() {
    const { turn } = this;
    if (!turn?.identity) return;
    this.turn = null;
    this.leased = false;
    const { identity } = turn;
    const rule = this.session ? ruleOfOpened(this.row, { identity }) : sandboxStates.deleted;
    if (rule.turn === "remove") return this.#destroy();
    if (rule.turn === "restore") this.losses++;
    if (rule.turn === "restore" || this.row === null) this.own.add(identity);
    this.row = { identity, state: "running" };
  }

  beginPerson() {
    if (!this.person && this.session) this.person = { known: this.row && { ...this.row }, identity: null };
  }
  openForPerson() {
    if (this.person?.identity === null) this.person.identity = this.#create();
  }
  endPerson() {
    const { person } = this;
    if (!person?.identity) return;
    this.person = null;
    const { known, identity } = person;
    const rule = this.session ? ruleOfOpened(known, { identity }) : sandboxStates.deleted;
    if (rule.person === "remove") return this.#destroy();
    if (rule.person === "refuse") return;
    // As the statement does that writes it: never over another disk.
    if (this.row !== null && this.row.identity !== identity) return;
    if (this.row === null) this.own.add(identity);
    this.row = { identity, state: "running" };
  }

  die() {
    if (this.found) this.found.state = "hibernated";
  }
  lose() {
    this.found = null;
  }
  beginSleep() {
    if (this.leased || this.row?.state !== "running") return;
    this.leased = true;
    this.sleeping = true;
  }
  sleep() {
    if (this.sleeping && this.found) this.found.state = "hibernated";
  }
  endSleep() {
    if (!this.sleeping) return;
    this.sleep();
    this.sleeping = false;
    this.leased = false;
    if (this.row) this.row.state = "hibernated";
  }
  look() {
    this.seen = { row: this.row && { ...this.row }, found: this.found && { ...this.found } };
  }
  sweep() {
    const { seen } = this;
    this.seen = null;
    if (this.removal) {
      this.removal = false;
      this.#destroy();
    }
    if (!seen || this.leased || !this.session || !seen.row) return;
    const { sweep } = sandboxStates[lifeState({ session: true, ...seen })];
    if (sweep === "tell") this.told++;
    if (sweep === "write-down" && seen.found && this.row?.state === seen.row.state) this.row.state = seen.found.state;
  }
  delete() {
    if (!this.session) return;
    this.session = false;
    this.removal = this.row !== null;
    this.row = null;
  }

  get state() {
    return lifeState(this);
  }
  /** Everybody comes to an end, and nothing more happens. */
  settle() {
    for (let round = 0; round < 2; round++) {
      this.openForTurn();
      this.endTurn();
      this.openForPerson();
      this.endPerson();
      this.endSleep();
      this.look();
      this.sweep();
    }
  }
}

const STEPS = [
  ...(["beginTurn", "openForTurn", "endTurn", "beginPerson", "openForPerson", "endPerson"] as const),
  ...(["die", "lose", "beginSleep", "sleep", "endSleep", "look", "sweep", "delete"] as const),
];
const step = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...STEPS.filter((name) => name !== "delete")) },
  { weight: 1, arbitrary: fc.constant("delete" as const) },
);

test("every step of any course is one of the table, and a disk is never taken for the session's without a decision", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const world = new World();
      for (const name of steps) {
        const before = world.state;
        world[name]();
        const after = world.state;
        if (after !== before) expect(sandboxStates[before].next, `${before} → ${after} by ${name}`).toContain(after);
        if (world.row) expect(world.own).toContain(world.row.identity);
      }
      const deleted = !world.session;
      world.settle();
      if (deleted) {
        expect(world).toMatchObject({ row: null, found: null, removal: false });
        expect(world.state).toBe("deleted");
      } else if (world.state === "lost") expect(world.told).toBeGreaterThan(0);
      else expect(world.row?.state ?? null).toBe(world.found?.state ?? null);
    }),
    { numRuns: 3_000 },
  );
});

test("all that the table names can happen, and what it does not name does not", () => {
  const seen = new Set<string>();
  const courses = fc.sample(fc.array(step, { minLength: 30, maxLength: 60, size: "max" }), {
    numRuns: 20_000,
    seed: 5,
  });
  for (const steps of courses) {
    const world = new World();
    for (const name of steps) {
      const before = world.state;
      world[name]();
      if (world.state !== before) seen.add(`${before} → ${world.state}`);
    }
  }
  const named = Object.entries(sandboxStates).flatMap(([from, { next }]) => next.map((to) => `${from} → ${to}`));
  expect([...seen].sort()).toEqual(named.sort());
});

const identity = fc.constantFrom("a", "b");
const half = fc.option(fc.record({ identity, state: fc.constantFrom<SandboxState>("running", "hibernated") }), {
  nil: null,
});

test("a deleted session's is removed by whoever has it, and another disk is never kept in a snapshot", () => {
  expect(sandboxStates.deleted).toEqual({
    next: [],
    turn: "remove",
    person: "remove",
    keepFiles: false,
    sweep: "remove",
  });
  fc.assert(
    fc.property(fc.record({ session: fc.boolean(), row: half, found: half }), (facts) => {
      const rule = sandboxStates[lifeState(facts)];
      if (!facts.session) expect(rule).toBe(sandboxStates.deleted);
      const same = facts.session && facts.row !== null && facts.row.identity === facts.found?.identity;
      expect(rule.keepFiles).toBe(same);
      if (facts.session) expect(rule.turn === "restore").toBe(facts.row !== null && !same);
      // A person is refused exactly where a turn would restore.
      expect(rule.person === "refuse").toBe(rule.turn === "restore");
    }),
  );
});

test("a stray is kept for a week from when it was set aside, whoever has forgotten since when it is one", () => {
  const day = 24 * 3_600_000;
  const times = fc.record({
    since: fc.integer({ min: 0, max: 10 * day }),
    setAsideAt: fc.option(fc.integer({ min: 0, max: 10 * day }), { nil: null }),
    now: fc.integer({ min: 0, max: 30 * day }),
  });
  fc.assert(
    fc.property(times, (stray) => {
      const does = strayStep(stray);
      if (does === "remove") expect(stray.now - (stray.setAsideAt ?? stray.now)).toBeGreaterThanOrEqual(KEEP_STRAYS_MS);
      if (does === "set-aside") expect(stray.setAsideAt).toBeNull();
      if (does !== "wait") expect(stray.now - stray.since).toBeGreaterThanOrEqual(60_000);
    }),
  );
});
