// The life of a session's sandbox as one pure table: which state the facts make, what may follow, and what each side does in it.
import type { SandboxState } from "../sandboxes/sandbox.ts";

/**
 * `requested`: wanted at the first need, nothing is there · `starting`: made, and not written down yet · `ready`: its processes live ·
 * `hibernated`: its disk sleeps · `lost`: the disk that is written down is not there, or there is another one · `deleted`: with its session.
 */
export type LifeState = "requested" | "starting" | "ready" | "hibernated" | "lost" | "deleted";

export type SandboxFacts = {
  /** False once the session is deleted. */
  session: boolean;
  /** What the database says of it; null: nothing yet. Its `state` may lag behind, its `identity` never does. */
  row: { identity: string; state: SandboxState } | null;
  /** What the backend has under its name; null: nothing. */
  found: { identity: string; state: SandboxState } | null;
};

export function lifeState({ session, row, found }: SandboxFacts): LifeState {
  if (!session) return "deleted";
  if (!row) return found ? "starting" : "requested";
  if (found?.identity !== row.identity) return "lost";
  return found.state === "running" ? "ready" : "hibernated";
}

export type LifeRule = {
  /** What it may be next. Whatever happens between two looks goes through these. */
  next: readonly LifeState[];
  /**
   * A turn, under its lease, has just made or woken it. `restore`: the files of its last snapshot come first, and the model is told;
   * only a turn decides that.
   */
  turn: "write-down" | "restore" | "remove";
  /** A person at its files or a terminal has. `refuse`: the next turn brings the files back. */
  person: "write-down" | "refuse" | "remove";
  /** Whether its files are the session's: another disk lacks what was lost, and that would be taken for removed. */
  keepFiles: boolean;
  /** The sweep has found it so, with a session that rests. `write-down`: the row is made to say what is. `tell`: only a turn can mend it. */
  sweep: "leave" | "write-down" | "tell" | "remove";
};

export const sandboxStates: Readonly<Record<LifeState, LifeRule>> = {
  requested: {
    // Lost: its disk went before it was written down.
    next: ["starting", "lost", "deleted"],
    turn: "write-down",
    person: "write-down",
    keepFiles: false,
    sweep: "leave",
  },
  starting: {
    next: ["ready", "hibernated", "lost", "requested", "deleted"],
    turn: "write-down",
    person: "write-down",
    keepFiles: false,
    sweep: "leave",
  },
  ready: {
    next: ["hibernated", "lost", "deleted"],
    turn: "write-down",
    person: "write-down",
    keepFiles: true,
    sweep: "write-down",
  },
  hibernated: {
    next: ["ready", "lost", "deleted"],
    turn: "write-down",
    person: "write-down",
    keepFiles: true,
    sweep: "write-down",
  },
  lost: {
    // Not lost any more: a turn restored another disk and wrote it down, or the disk is back.
    next: ["ready", "hibernated", "deleted"],
    turn: "restore",
    person: "refuse",
    keepFiles: false,
    sweep: "tell",
  },
  deleted: { next: [], turn: "remove", person: "remove", keepFiles: false, sweep: "remove" },
};

/** What the rules are of one that was just made or woken, by what was known before. */
export function ruleOfOpened(known: SandboxFacts["row"], opened: { identity: string }): LifeRule {
  const found = { identity: opened.identity, state: "running" as const };
  return sandboxStates[lifeState({ session: true, row: known, found })];
}

/** A stray must be one for this long: a sandbox may be older than its row, by the time between two statements. */
const STRAY_AGE_MS = 60_000;
/** So long a stray's disk is kept: time enough to find out that an older backup of the database was restored. */
export const KEEP_STRAYS_MS = 7 * 24 * 3_600_000;

/** What the sweep does with a sandbox that no session and no removal knows. Times in ms since the epoch. */
export function strayStep(stray: {
  since: number;
  setAsideAt: number | null;
  now: number;
}): "wait" | "set-aside" | "remove" {
  if (stray.now - stray.since < STRAY_AGE_MS) return "wait";
  if (stray.setAsideAt === null) return "set-aside";
  return stray.now - stray.setAsideAt >= KEEP_STRAYS_MS ? "remove" : "wait";
}
